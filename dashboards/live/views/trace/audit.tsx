/** Who changed what, when, and until when. The newest first, live. */
import type { AuditEntry } from '../../../../src/base/live.js'
import { now } from '../../state/clock.js'
import { clock, count, sentence, spelled } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import { Status } from '../../ui/status.js'
import { Time } from '../../ui/time.js'

export function AuditCard({ audit }: { audit: readonly AuditEntry[] }) {
  return (
    <Card title="Changes" note="who, what, until when" class="audit-card">
      {audit.length === 0 ? (
        <p class="card-body muted">Nothing was changed yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard
        <section class="audit" aria-label="Changes, newest first" tabIndex={0}>
          <ol>
            {audit.map((entry) => (
              <Entry key={entry.at + entry.action + entry.what} entry={entry} />
            ))}
          </ol>
        </section>
      )}
    </Card>
  )
}

function Entry({ entry: { at, by, what, until, ok, times } }: { entry: AuditEntry }) {
  const text = spelled(sentence(what))
  const end = until === undefined ? undefined : Date.parse(until)
  return (
    <li class="audit-entry">
      <p>{ok ? text : <Status tone="bad">{text}</Status>}</p>
      <p class="muted">
        <Time at={at} /> · {by}
        {times !== undefined && ` · ${count(times)} times`}
        {end !== undefined && ` · ${end > now.value ? 'until' : 'ended'} ${clock(end)}`}
      </p>
    </li>
  )
}
