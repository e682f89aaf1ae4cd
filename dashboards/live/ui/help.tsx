/** What the keys do, and where to read more. */
import { signal } from '@preact/signals'
import { views } from '../views/table.js'
import { Dialog } from './dialog.js'

export const helpOpen = signal(false)

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'search'],
  [['↑', '↓'], 'move in a table'],
  [['Enter'], 'open the row'],
  [['Esc'], 'close what is open'],
  [['?'], 'this help'],
]

export function Help() {
  if (!helpOpen.value) return null
  const all = [...views.map(({ key, title }) => [['g', key], title] as const), ...keys]
  return (
    <Dialog title="Keyboard" onClose={() => (helpOpen.value = false)}>
      <dl class="keys">
        {all.map(([pressed, what]) => (
          <div key={what}>
            <dt>
              {pressed.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">
        Everything on this page can be had over HTTP too: <a href="/docs">the API</a>.
      </p>
    </Dialog>
  )
}
