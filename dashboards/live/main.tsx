/** Starts the dashboard: one page, no history of its own, all data from the gateway that served it. */
import { render } from 'preact'
import { listenToKeys } from './keyboard.js'
import { openLive } from './state/live.js'
import { Shell } from './ui/shell.js'

openLive()
listenToKeys()
render(<Shell />, document.getElementById('app')!)
