/** What the gateway leans on: destinations of traces, servers and trunks, its own sockets. */
import type { ComponentChildren } from 'preact'
import type { CollectorStatus, DestinationStatus, GatewayStatus, UpstreamStatus } from '../../../../src/base/status.js'
import { bytes, plural, shortCount } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import { Status, type Tone } from '../../ui/status.js'
import { Time } from '../../ui/time.js'

export function Destinations({ destinations }: { destinations: readonly DestinationStatus[] }) {
  return (
    <Card title="HEP destinations">
      <Things empty="No destination is configured: traces stay in the memory of the gateway.">
        {destinations.map((one) => (
          <Thing
            key={one.id + one.address}
            tone={one.paused ? 'warning' : destinationTones[one.state]}
            name={one.id}
            state={one.paused ? 'paused' : one.state}
            detail={one.address}
            numbers={`${shortCount(one.sentPackets)} sent · ${dropped(one)}`}
            problem={one.state === 'connected' ? undefined : one.lastError}
            since={one.lastErrorAt}
          />
        ))}
      </Things>
    </Card>
  )
}

const destinationTones: Readonly<Record<DestinationStatus['state'], Tone>> = {
  connected: 'good',
  connecting: 'info',
  waiting: 'bad',
  closed: 'neutral',
}

function dropped(destination: DestinationStatus): string {
  const total = Object.values(destination.dropped).reduce((sum, times) => sum + times, 0)
  return total === 0 ? 'none dropped' : `${shortCount(total)} dropped`
}

export function Upstreams({ upstreams }: { upstreams: readonly UpstreamStatus[] }) {
  return (
    <Card title="Servers and trunks">
      <Things empty="No upstream is configured.">
        {upstreams.map((one) => (
          <Thing
            key={one.role + one.uri}
            tone={upstreamTones[one.state]}
            name={one.uri.replace(/^sips?:/, '')}
            state={one.state}
            detail={`${one.role}, ${plural(one.connections, 'connection')}`}
            numbers={one.probes?.lastMs === undefined ? undefined : `answers in ${Math.round(one.probes.lastMs)} ms`}
            problem={one.state === 'down' ? one.lastError : undefined}
          />
        ))}
      </Things>
    </Card>
  )
}

const upstreamTones: Readonly<Record<UpstreamStatus['state'], Tone>> = { up: 'good', down: 'bad', unknown: 'neutral' }

export function Sockets({ listeners, collector }: Pick<GatewayStatus, 'listeners' | 'collector'>) {
  return (
    <Card title="Listening">
      <Things empty="">
        {listeners.map((one) => (
          <Thing
            key={one.socket}
            tone="good"
            name={one.socket}
            state={plural(one.connections, one.datagrams === undefined ? 'connection' : 'peer')}
            detail={one.advertised === undefined ? 'SIP' : `SIP, as ${one.advertised}`}
            numbers={undefined}
            problem={undefined}
          />
        ))}
        {collector !== undefined && <CollectorThing {...collector} />}
      </Things>
    </Card>
  )
}

function CollectorThing({ listen, packets, bytes: size, malformed, packetsByType }: CollectorStatus) {
  const kinds = Object.entries(packetsByType).sort(([, a], [, b]) => b - a)
  return (
    <Thing
      tone={malformed === 0 ? 'good' : 'warning'}
      name={listen.join(', ')}
      state={plural(packets, 'packet')}
      detail={`embedded collector, ${bytes(size)}`}
      numbers={kinds.map(([kind, times]) => `${kind} ${shortCount(times)}`).join(' · ')}
      problem={malformed === 0 ? undefined : `${plural(malformed, 'packet')} could not be read.`}
    />
  )
}

function Things({ empty, children }: { empty: string; children: ComponentChildren }) {
  const none = Array.isArray(children) && children.length === 0
  return <div class="card-body">{none ? <p class="muted">{empty}</p> : <ul class="things">{children}</ul>}</div>
}

interface ThingProps {
  readonly tone: Tone
  readonly name: string
  readonly state: string
  readonly detail: string
  readonly numbers: string | undefined
  readonly problem: string | undefined
  readonly since?: string | undefined
}

/** One line of a thing and its state, one of what to know of it, one of what is wrong. */
function Thing({ tone, name, state, detail, numbers, problem, since }: ThingProps) {
  return (
    <li class="thing">
      <b class="cut" title={name}>
        {name}
      </b>
      <Status tone={tone}>{state}</Status>
      <span class="muted cut" title={detail}>
        {detail}
      </span>
      <span class="muted end">{numbers}</span>
      {problem !== undefined && (
        <p class="thing-problem">
          {problem} {since !== undefined && <Time at={since} />}
        </p>
      )}
    </li>
  )
}
