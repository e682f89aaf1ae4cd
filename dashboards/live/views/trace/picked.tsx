/** Connections that are traced on their own, whatever switch and filter say. */
import type { PickedConnection } from '../../../../src/base/status.js'
import { api } from '../../net/api.js'
import { href } from '../../router.js'
import { AsyncButton } from '../../ui/button.js'
import { Countdown } from '../../ui/time.js'

export function PickedList({ picked }: { picked: readonly PickedConnection[] }) {
  if (picked.length === 0) return null
  return (
    <section class="picked" aria-labelledby="picked">
      <h3 id="picked">
        Picked <small class="muted">traced on their own, whatever switch and filter say</small>
      </h3>
      <ul>
        {picked.map(({ conn_id, until }) => (
          <li key={conn_id}>
            <a href={href('connections', { id: conn_id })} class="code">
              {conn_id}
            </a>
            <span class="muted">
              {until === undefined ? (
                'until it is closed'
              ) : (
                <>
                  <Countdown until={until} /> left
                </>
              )}
            </span>
            <AsyncButton
              small
              tone="quiet"
              icon="close"
              title={`Trace ${conn_id} no longer on its own`}
              run={() => api.delete(`/connections/${conn_id}/trace`)}
              failed="It stays picked"
            >
              Stop
            </AsyncButton>
          </li>
        ))}
      </ul>
    </section>
  )
}
