/** How tracing is: on or off in one look, for how long still, since when, by whom and of what. */
import type { AuditEntry } from '../../../../src/base/live.js'
import type { TraceStatus } from '../../../../src/base/status.js'
import { href } from '../../router.js'
import { now } from '../../state/clock.js'
import { toastError } from '../../state/toasts.js'
import { AsyncButton } from '../../ui/button.js'
import { clock, count, plural } from '../../ui/format.js'
import { Facts } from '../../ui/panel.js'
import { Badge } from '../../ui/status.js'
import { Countdown, Time } from '../../ui/time.js'
import { scopeFields, scopeText } from './scope.js'
import { longer, type Wanted } from './switch-change.js'

/** of the button that says so */
const moreSeconds = 600

export interface TraceNow {
  readonly status: TraceStatus
  /** connections traced now */
  readonly traced: number
  readonly audit: readonly AuditEntry[]
}

interface SwitchStateProps extends TraceNow {
  readonly wanted: Wanted
  readonly change: (to: Wanted | undefined) => Promise<void>
}

export function SwitchState({ status, traced, audit, wanted, change }: SwitchStateProps) {
  const on = status.trace_mode === 'on'
  const last = audit.find(({ action, ok }) => ok && (action === 'trace-on' || action === 'trace-off'))
  const set = () =>
    change(on ? undefined : wanted).catch((error: unknown) => toastError('The switch stays as it is', error))
  return (
    <div class={`switch-state${on ? ' on' : ''}`}>
      <div class="switch-head">
        <label class="big-switch">
          <input type="checkbox" role="switch" aria-checked={on} checked={on} onChange={set} />
          <span class="big-switch-track" aria-hidden="true" />
          <span class="big-switch-word">{on ? 'On' : 'Off'}</span>
        </label>
        {on && <Remaining until={status.until} since={last?.at} />}
      </div>
      {on ? (
        <>
          <TracedFacts status={status} traced={traced} last={last} />
          {status.secondsLeft !== undefined && (
            <div class="row">
              <AsyncButton
                small
                icon="refresh"
                run={() => change(longer(status, moreSeconds))}
                failed="The end stays as it is"
              >
                10 min more
              </AsyncButton>
            </div>
          )}
        </>
      ) : (
        <>
          <Ended last={last} />
          <p class="muted">The switch begins it for as long, and of what, the form says.</p>
        </>
      )}
    </div>
  )
}

function Remaining({ until, since }: { until: string | undefined; since: string | undefined }) {
  if (until === undefined) return <Badge tone="warning">until somebody switches it off</Badge>
  const end = Date.parse(until)
  const begin = since === undefined ? Number.NaN : Date.parse(since)
  const left = Math.max(0, Math.min(1, (end - now.value) / (end - begin)))
  return (
    <div class="switch-left">
      <p>
        <b>
          <Countdown until={until} />
        </b>{' '}
        left, off at {clock(end)}
      </p>
      {Number.isFinite(left) && (
        <div class="switch-bar" aria-hidden="true">
          <span style={{ width: `${left * 100}%` }} />
        </div>
      )}
    </div>
  )
}

function TracedFacts({ status, traced, last }: { status: TraceStatus; traced: number; last: AuditEntry | undefined }) {
  const { scope, filter, filterSource, destination, filterFailures } = status
  const text = scopeText(scope)
  const narrowed = scopeFields.filter(({ name }) => text[name] !== '')
  return (
    <Facts
      facts={[
        {
          name: 'Traced now',
          value: <a href={href('connections', { search: 'traced:yes' })}>{plural(traced, 'connection')}</a>,
        },
        {
          name: 'Narrowed to',
          value:
            narrowed.length === 0
              ? 'nothing: all that the filter lets pass'
              : narrowed.map(({ name, label }) => (
                  <span key={name} class="scope-part">
                    {label} <code>{text[name]}</code>
                  </span>
                )),
        },
        { name: 'Filter', value: filter === undefined ? 'none' : filterSource === 'api' ? 'set from here' : filter },
        {
          name: 'Failed in the filter',
          value: filterFailures > 0 ? `${count(filterFailures)}, and traced all the same` : undefined,
        },
        {
          name: 'Goes to',
          value: destination.length === 0 ? 'the memory of the gateway only' : destination.join(', '),
        },
        {
          name: 'Switched on',
          value:
            last?.action === 'trace-on' ? (
              <>
                <Time at={last.at} /> by {last.by}
              </>
            ) : undefined,
        },
      ]}
    />
  )
}

function Ended({ last }: { last: AuditEntry | undefined }) {
  if (last === undefined) return <p class="muted">Nothing is traced.</p>
  const { action, at, by } = last
  // the time that was asked for had passed
  const byItself = action === 'trace-off' && by === 'gateway'
  return (
    <p class="muted">
      Nothing is traced. {byItself ? 'It ended by itself' : `Last switched ${action === 'trace-on' ? 'on' : 'off'}`}{' '}
      <Time at={at} />
      {!byItself && ` by ${by}`}.
    </p>
  )
}
