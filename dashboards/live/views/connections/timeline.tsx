/** What happened to a connection, from its beginning on, with the time between. */
import type { ConnectionDetail, TimelineEntry } from '../../../../src/base/live.js'
import { clockMs, duration, exact, spelled } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import type { Tone } from '../../ui/status.js'
import { Elapsed } from '../../ui/time.js'
import { Section } from './section.js'
import { causeTone } from './words.js'

export function Timeline({ connection }: { connection: ConnectionDetail }) {
  const { opened_at, direction, transport, events, state } = connection
  const lower = transport === 'udp' ? 'The first datagram' : 'A TCP connection'
  const begin: TimelineEntry = {
    at: opened_at,
    event: 'OPENED',
    status: 'SUCCESS',
    message: direction === 'in' ? `${lower} came in` : 'We began to connect',
  }
  const entries = [begin, ...events]
  return (
    <Section title="Timeline">
      <ol class="timeline">
        {entries.map((entry, i) => (
          <Entry key={`${entry.at} ${i}`} entry={entry} before={entries[i - 1]} />
        ))}
        {state === 'open' && (
          <li class="timeline-now">
            <span />
            <span class="timeline-mark tone-good">
              <Icon name="good" size={15} />
            </span>
            <p>
              Open for <Elapsed since={opened_at} />
            </p>
          </li>
        )}
      </ol>
    </Section>
  )
}

function Entry({ entry, before }: { entry: TimelineEntry; before: TimelineEntry | undefined }) {
  const { at, event, cause, message } = entry
  const tone = toneOf(entry)
  const ms = Date.parse(at)
  return (
    <li>
      <span class="timeline-time">
        <time dateTime={at} title={exact(ms)}>
          {clockMs(ms)}
        </time>
        {before !== undefined && <small class="muted">+{duration(Math.max(0, ms - Date.parse(before.at)))}</small>}
      </span>
      <span class={`timeline-mark tone-${tone}`}>
        <Icon name={tone} size={15} />
      </span>
      <div>
        <p>
          <b>{event}</b> {cause !== undefined && <code class={`tone-${tone} timeline-cause`}>{cause}</code>}
        </p>
        <p class="muted">{spelled(message)}</p>
      </div>
    </li>
  )
}

function toneOf({ event, status, cause }: TimelineEntry): Tone {
  if (status === 'FAILURE') return cause === undefined ? 'bad' : event === 'ERROR' ? 'bad' : causeTone(cause)
  return event === 'ACCEPTED' || event === 'CONNECTED' ? 'good' : 'neutral'
}
