/**
 * `hepgate hep-test`: sends a made-up registration and call over TLS to a HEP collector, through the trace gate and the
 * destinations of a running gateway, so that an operator can search for it there. Opens no SIP socket, makes no call.
 */
import { randomBytes } from 'node:crypto'
import { publishConnection } from '../base/channels.js'
import { connectionIds, type MicroClock, microClock } from '../base/clock.js'
import { UsageError } from '../base/errors.js'
import type { ConnectionEventName, ConnectionFacts } from '../base/facts.js'
import { silentLog } from '../base/log.js'
import { nodeTimers } from '../base/timers.js'
import type { Config, HepDestinationConfig } from '../config/types.js'
import { TraceGate } from '../trace/gate.js'
import { exitCodes, type Terminal } from './command.js'
import { hepTarget } from './hep-target.js'
import { parseOptions } from './options.js'
import { Outlet } from './outlet.js'
import { type ProbeMessage, probeFacts, probeMessages, probeMs } from './probe-call.js'
import { rows } from './rows.js'
import { version } from './version.js'

export const help = `usage: hepgate hep-test --to HEP_ID --config FILE
       hepgate hep-test --to udp|tcp|tls:HOST[:PORT]

  -t, --to WHERE      a proto_hep.hep_id of the configuration, or a collector; port 9060
  -c, --config FILE   the configuration that declares it

sends a registration and a call of seconds ago, with the TLS connection they came over, and prints what to search
for in the collector. Phone, gateway and names are made up: 192.0.2.10 calls sip:echo@hepgate.invalid
`

/** Whoever waits for it is a person. */
const patienceMs = 5_000
const testMessage = 'a test by hepgate hep-test: nothing happened'

export async function run(args: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  const { values } = parseOptions(args, { to: { type: 'string', short: 't' }, config: { type: 'string', short: 'c' } })
  if (values.to === undefined) {
    throw new UsageError('--to is missing: a HEP id, or a collector such as udp:127.0.0.1:9060')
  }
  const target = hepTarget(values.to, values.config)
  const outlet = new Outlet(target, values.to, patienceMs)
  const probe = newProbe()
  let taken: boolean
  try {
    sendProbe(probe, outlet)
    taken = (await outlet.drain()) && (await outlet.unrefused())
  } finally {
    await outlet.close()
  }
  if (!taken || outlet.lost > 0) {
    stderr.write(`hepgate hep-test: ${outlet.name} did not take everything; ${outlet.complaint}\n`)
    return exitCodes.failed
  }
  stdout.write(summary(probe, outlet, target))
  return exitCodes.fine
}

interface Probe {
  readonly callId: string
  readonly registrationId: string
  readonly facts: ConnectionFacts
  readonly messages: readonly ProbeMessage[]
}

/** It has just ended: collectors mistrust times to come. */
function newProbe(): Probe {
  const callId = `hepgate-test-${randomBytes(6).toString('hex')}`
  const registrationId = `${callId}-register`
  const facts = probeFacts(connectionIds()(), microClock()() - probeMs * 1000)
  return { callId, registrationId, facts, messages: probeMessages(callId, registrationId, `hepgate/${version()}`) }
}

/** Past a gate that traces everything, at the times it would have happened. */
function sendProbe({ facts, messages }: Probe, outlet: Outlet): void {
  let micros = facts.openedMicros
  const gate = gateTo(outlet, () => micros)
  tell(facts, 'ACCEPTED')
  for (const { afterMs, direction, callId, text } of messages) {
    micros = facts.openedMicros + afterMs * 1000
    const buf = Buffer.from(text)
    count(facts, direction, buf.length)
    const start = buf.indexOf(callId, buf.indexOf('\r\nCall-ID: '))
    gate.tap.message(facts, direction, buf, 0, buf.length, start, start + callId.length)
  }
  micros = facts.openedMicros + probeMs * 1000
  facts.closed = { cause: 'peer-closed', by: 'peer', message: testMessage, durationMs: probeMs }
  tell(facts, 'CLOSED')
  gate.stop()
}

function gateTo(outlet: Outlet, clock: MicroClock): TraceGate {
  return new TraceGate({
    traceOn: true,
    coreEvents: false,
    sinks: outlet,
    filter: undefined,
    keylog: undefined,
    clock,
    timers: nodeTimers,
    live: () => [],
    store: { load: () => undefined, save: () => {} },
    log: silentLog,
  })
}

function tell(facts: ConnectionFacts, name: ConnectionEventName): void {
  publishConnection({ name, status: 'SUCCESS', cause: facts.closed?.cause, message: testMessage, facts })
}

function count(facts: ConnectionFacts, direction: ProbeMessage['direction'], bytes: number): void {
  if (direction === 'in') {
    facts.bytesIn += bytes
    facts.messagesIn++
  } else {
    facts.bytesOut += bytes
    facts.messagesOut++
  }
}

function summary({ callId, registrationId, facts }: Probe, outlet: Outlet, { hep_id }: Config['proto_hep']): string {
  const [{ transport, types, form }] = hep_id as [HepDestinationConfig]
  const sent = [...outlet.sentByType].map(([type, packets]) => `${type} ${packets}`).join(', ')
  const install = `hepgate homer install${form === 'opensips' ? ' --form opensips' : ''}`
  const lines = rows([
    ['sent', [`${sent || 'nothing'}, to ${outlet.name}`]],
    ['left out', types.length === 0 ? [] : [`whatever types=${types.join(',')} of the HEP id keeps from it`]],
    ['down', outlet.errors],
    ['call', [`Call-ID ${callId}`]],
    ['register', [`Call-ID ${registrationId}`]],
    ['TLS', [`conn_id ${facts.id}`]],
    [
      'Homer 7',
      [
        'search SIP call for that Call-ID: INVITE to BYE, and a HEP-LOG row TLS_SESSION;',
        `ACCEPTED and CLOSED of the connection stand beside it after ${install}`,
      ],
    ],
    ['Homer 11', ['search for that Call-ID: INVITE to BYE, and TLS_SESSION among the events of the call']],
  ])
  return `${lines}\n${transport === 'udp' ? silentDatagrams : silentStream}\n`
}

/** What no sender of HEP can know. */
const silentDatagrams = `Over UDP nobody says whether it arrived: neither a firewall nor a collector that stores nothing is seen
from here. Only the search tells. Prefer tcp or tls where the collector has it.`
const silentStream = `The collector took the bytes. HEP has no answers: whether it stored them, only the search tells (Homer 7
after some 4 s, Homer 11 after up to 30 s).`
