/** Where traces go: how each destination is, what it lost and why, a pause, and a probe to look for in the collector. */
import { useState } from 'preact/hooks'
import type { DestinationTest } from '../../../../src/base/ports.js'
import type { DestinationStatus } from '../../../../src/base/status.js'
import { api } from '../../net/api.js'
import { history } from '../../state/live.js'
import { toast } from '../../state/toasts.js'
import { AsyncButton, CopyButton } from '../../ui/button.js'
import { bytes, count, duration, rate, shortCount } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import { Spark } from '../../ui/spark.js'
import { Badge, Status, type Tone } from '../../ui/status.js'
import { Time } from '../../ui/time.js'
import { byId, type Members } from './by-id.js'

export function DestinationsCard({ destinations }: { destinations: readonly DestinationStatus[] }) {
  return (
    <Card title="Destinations" note={destinations.length === 0 ? undefined : 'HEP'}>
      <div class="card-body">
        {destinations.length === 0 ? (
          <p class="muted">
            None is configured: traces stay in the memory of the gateway, where the calls view shows them. A destination
            is a <code>hep_id</code> in the configuration.
          </p>
        ) : (
          <ul class="destinations">
            {byId(destinations).map((members) => (
              <Destination key={members[0].id} members={members} />
            ))}
          </ul>
        )}
      </div>
    </Card>
  )
}

const tones: Readonly<Record<DestinationStatus['state'], Tone>> = {
  connected: 'good',
  connecting: 'info',
  waiting: 'bad',
  closed: 'neutral',
}

/** Members of a failover group share the id: pause and probe are of all of them, and so is the rate. */
function Destination({ members }: { members: Members }) {
  const { id, paused } = members[0]
  const [test, setTest] = useState<DestinationTest | undefined>(undefined)
  const path = `/destinations/${encodeURIComponent(id)}`
  const pause = async () => {
    await api.post(`${path}/${paused ? 'resume' : 'pause'}`)
    toast(paused ? `${id} gets traces again.` : `${id} gets nothing for now.`, paused ? 'good' : 'warning')
  }
  return (
    <li class="destination">
      <header>
        <b>{id}</b>
        <Rate id={id} />
        <div class="row">
          <AsyncButton
            small
            icon="send"
            run={async () => setTest(await api.post<DestinationTest>(`${path}/test`))}
            failed="The probe was not sent"
          >
            Test
          </AsyncButton>
          <AsyncButton small icon={paused ? 'play' : 'pause'} run={pause} failed="It stays as it is">
            {paused ? 'Resume' : 'Pause'}
          </AsyncButton>
        </div>
      </header>
      {members.map((member) => (
        <Member key={member.address} member={member} />
      ))}
      {test !== undefined && <Probe test={test} />}
    </li>
  )
}

/** of the rate, and of the line */
const rateSeconds = 5
const lineSeconds = 120

function Rate({ id }: { id: string }) {
  const sent = history.value.slice(-lineSeconds).map(({ hep }) => hep[id]?.sent ?? 0)
  const last = sent.slice(-rateSeconds)
  const perSecond = last.length === 0 ? 0 : last.reduce((sum, value) => sum + value, 0) / last.length
  return (
    <span class="destination-rate">
      <span>
        <b>{rate(perSecond)}</b> <span class="muted">sent per second</span>
      </span>
      <Spark values={sent} />
    </span>
  )
}

function Member({ member }: { member: DestinationStatus }) {
  const { address, state, paused, lastError, lastErrorAt, dropped } = member
  return (
    <div class="destination-member">
      <p class="row">
        <Badge tone={paused ? 'warning' : tones[state]}>{paused ? 'paused' : state}</Badge>
        <code class="muted">{address}</code>
      </p>
      <Numbers member={member} />
      <Dropped dropped={dropped} />
      {lastError !== undefined && (
        <p class={state === 'connected' ? 'muted' : 'destination-problem'}>
          {state === 'connected' ? 'Last error: ' : ''}
          {lastError} {lastErrorAt !== undefined && <Time at={lastErrorAt} />}
        </p>
      )}
    </div>
  )
}

function Numbers({ member }: { member: DestinationStatus }) {
  const { queuedPackets, queuedBytes, sentPackets, sentBytes, truncated, reconnects } = member
  const numbers = [
    { name: 'Sent', value: shortCount(sentPackets), note: sentBytes > 0 ? bytes(sentBytes) : undefined },
    { name: 'In the queue', value: count(queuedPackets), note: queuedPackets > 0 ? bytes(queuedBytes) : undefined },
    { name: 'Shortened', value: count(truncated) },
    { name: 'Reconnects', value: count(reconnects) },
  ]
  return (
    <dl class="destination-numbers">
      {numbers.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value} {note !== undefined && <small class="muted">{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Dropped({ dropped }: Pick<DestinationStatus, 'dropped'>) {
  const reasons = Object.entries(dropped)
    .filter(([, times]) => times > 0)
    .sort(([, a], [, b]) => b - a)
  if (reasons.length === 0) return null
  return (
    <p>
      <Status tone="bad">
        Dropped {reasons.map(([reason, times]) => `${shortCount(times)} (${reason})`).join(', ')}
      </Status>
    </p>
  )
}

function Probe({ test: { sent, correlation_id, ms, problem } }: { test: DestinationTest }) {
  return (
    <div class="probe" role="status">
      <Status tone={sent ? 'good' : 'bad'}>
        {sent ? `The probe was handed to the network in ${duration(ms)}.` : `The probe was not sent: ${problem}`}
      </Status>
      {sent && (
        <p>
          Look in the collector for <code>{correlation_id}</code>
          <CopyButton text={correlation_id} label="Copy the correlation id" />
        </p>
      )}
    </div>
  )
}
