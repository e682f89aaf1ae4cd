/** Shows the notices of state/toasts, and has them read out. */
import { dismiss, toasts } from '../state/toasts.js'
import { IconButton } from './button.js'
import { spelled } from './format.js'
import { Icon } from './icon.js'

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone }) => (
        <div key={id} class={`toast tone-${tone}`}>
          <Icon name={tone} />
          <p>{spelled(text)}</p>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
