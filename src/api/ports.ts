/** What every route is given. */
import type { Log } from '../base/log.js'
import type { GatewayControl, GatewayView } from '../base/ports.js'

/** What the routes are given: the gateway as they may know it, and where to complain. */
export interface Ports {
  readonly view: GatewayView
  readonly control: GatewayControl
  readonly log: Log
}
