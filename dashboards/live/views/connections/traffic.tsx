/** What went over it so far, and what waits. */
import type { ConnectionDetail } from '../../../../src/base/live.js'
import { bytes, count, duration, plural } from '../../ui/format.js'
import { Status } from '../../ui/status.js'
import { Section } from './section.js'

/** written, and the peer took nothing of it for so long */
const stuckMs = 500

export function Traffic({ connection }: { connection: ConnectionDetail }) {
  const { msgs_in, msgs_out, bytes_in, bytes_out, queue } = connection
  return (
    <Section title="Traffic">
      <dl class="traffic">
        <div>
          <dt>Messages in</dt>
          <dd>{count(msgs_in)}</dd>
        </div>
        <div>
          <dt>Messages out</dt>
          <dd>{count(msgs_out)}</dd>
        </div>
        <div>
          <dt>Bytes in</dt>
          <dd>{bytes(bytes_in)}</dd>
        </div>
        <div>
          <dt>Bytes out</dt>
          <dd>{bytes(bytes_out)}</dd>
        </div>
      </dl>
      {queue !== undefined && <Queue queue={queue} />}
    </Section>
  )
}

function Queue({ queue }: { queue: NonNullable<ConnectionDetail['queue']> }) {
  const { unsent_bytes, postponed_messages, stuck_ms } = queue
  if (unsent_bytes === 0 && postponed_messages === 0) return <Status tone="good">Nothing waits to be sent.</Status>
  const waiting = [
    unsent_bytes > 0 && `${bytes(unsent_bytes)} written and not taken by the peer`,
    postponed_messages > 0 && `${plural(postponed_messages, 'message')} queued`,
  ].filter(Boolean)
  return (
    <Status tone={stuck_ms > stuckMs ? 'warning' : 'info'}>
      {waiting.join(', ')}
      {stuck_ms > stuckMs && `; it has taken nothing for ${duration(stuck_ms)}`}.
    </Status>
  )
}
