import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attention, Breakdown, Sample } from '../../../src/base/live.js'
import type { DomainStatus, GatewayStatus, PickedConnection } from '../../../src/base/status.js'
import { attention, type Known } from '../../../src/live/overview/attention.js'
import { compileSearch } from '../../../src/live/search/search.js'
import { destinationStatus, healthyStatus, quietSample, upstreamStatus } from '../../support/watched.js'

const nowMs = Date.parse('2027-01-15T08:00:00Z')
const nowS = nowMs / 1000

const quiet: Breakdown = {
  versions: { 'TLSv1.3': 1 },
  ciphers: {},
  directions: { in: 1, out: 0 },
  transports: { tls: 1 },
  weak: [],
  traced: 0,
}

function found(known: Partial<Known>): readonly Attention[] {
  return attention({ status: healthyStatus(), breakdown: quiet, history: [], nowMs, ...known })
}

function withStatus(changes: Partial<GatewayStatus>): Partial<Known> {
  return { status: healthyStatus(changes) }
}

function withTrace(changes: Partial<GatewayStatus['trace']>): Partial<Known> {
  return withStatus({ trace: { ...healthyStatus().trace, ...changes } })
}

/** One sample, so many seconds ago. */
function ago(seconds: number, changes: Partial<Sample>): Partial<Known> {
  return { history: [quietSample(nowS - seconds, changes)] }
}

function domain(name: string, ...days: number[]): DomainStatus {
  const certificates = days.map((left) => ({
    subject: `/CN=${name}`,
    notAfter: new Date(nowMs + left * 86_400_000).toISOString(),
    daysLeft: Math.floor(left),
    sha256: 'ab',
  }))
  return { name, role: 'server', certificates }
}

function accepted(count: number, most: number | undefined): Partial<Known> {
  return { breakdown: { ...quiet, directions: { in: count, out: 5 } }, maxConnections: most }
}

function weak(version: string): Partial<Known> {
  return { breakdown: { ...quiet, weak: [{ version, count: 12, examples: ['203.0.113.9', '203.0.113.10'] }] } }
}

function picked(conn_id: string, until?: string): PickedConnection {
  return { conn_id, until }
}

const up = upstreamStatus()
const down = upstreamStatus({ uri: 'sip:10.0.0.6:5060', state: 'down', lastError: 'connection refused' })
const trunkDown = { ...down, role: 'trunk' as const }
const failing = { handshakes_ok: 15, handshakes_failed: 5, failed_by: { 'unknown-ca': 2, 'cert-expired': 3 } }
const dropping = { hep: { homer: { sent: 0, dropped: 7, queued: 0 } } }

/** what is known, code and level, and a word the message must hold */
const present: [what: string, known: Partial<Known>, code: string, level: Attention['level'], says: RegExp][] = [
  [
    'a certificate ended',
    withStatus({ domains: [domain('a', -1)] }),
    'certificate-expired',
    'critical',
    /a since 2027-01-14/,
  ],
  [
    'a certificate ends this moment',
    withStatus({ domains: [domain('a', 0)] }),
    'certificate-expired',
    'critical',
    /a since/,
  ],
  ['14 days are left', withStatus({ domains: [domain('a', 14)] }), 'certificate-expiring', 'warning', /a in 14 days/],
  [
    '3 days are left',
    withStatus({ domains: [domain('a', 200), domain('b', 3)] }),
    'certificate-expiring',
    'critical',
    /b in 3 days/,
  ],
  ['one day is left', withStatus({ domains: [domain('b', 1.5)] }), 'certificate-expiring', 'critical', /b in 1 day\./],
  [
    'one upstream is down',
    withStatus({ upstreams: [up, down] }),
    'upstream-down',
    'warning',
    /10\.0\.0\.6:5060 \(connection refused\)/,
  ],
  ['all upstreams are down', withStatus({ upstreams: [down] }), 'upstream-down', 'critical', /No upstream/],
  ['a trunk is down', withStatus({ upstreams: [up, trunkDown] }), 'trunk-down', 'warning', /10\.0\.0\.6/],
  [
    'a destination waits',
    withStatus({ destinations: [destinationStatus({ state: 'waiting', lastError: 'refused' })] }),
    'destination-down',
    'warning',
    /homer at tcp:10\.0\.0\.2:9060 \(refused\)/,
  ],
  [
    'a destination tries again',
    withStatus({ destinations: [destinationStatus({ state: 'connecting', lastError: 'refused' })] }),
    'destination-down',
    'warning',
    /refused/,
  ],
  [
    'a destination dropped lately',
    {
      ...withStatus({ destinations: [destinationStatus({ dropped: { refused: 1, 'queue-full': 9 } })] }),
      ...ago(59, dropping),
    },
    'destination-dropping',
    'warning',
    /homer 7 \(queue-full\)/,
  ],
  [
    'a destination is paused',
    withStatus({ destinations: [destinationStatus({ paused: true })] }),
    'destination-paused',
    'info',
    /homer/,
  ],
  [
    'a fifth of the handshakes failed',
    ago(299, { ...failing, handshakes_ok: 20 }),
    'handshakes-failing',
    'warning',
    /^5 of 25 .* 3 of them because the certificate of the peer has expired\. First look: the not-after/,
  ],
  [
    'handshakes fail by an alert',
    ago(1, { handshakes_failed: 5, failed_by: { 'peer-alert-unknown_ca': 5 } }),
    'handshakes-failing',
    'warning',
    /unknown_ca/,
  ],
  [
    'clients are on TLS 1.0',
    weak('TLSv1'),
    'weak-clients',
    'warning',
    /^12 connections still on TLSv1.*203\.0\.113\.9, 203\.0\.113\.10/,
  ],
  ['tracing has no end', withTrace({ trace_mode: 'on' }), 'trace-without-end', 'info', /not end by itself/],
  [
    'a connection is traced until it is closed',
    withTrace({ picked: [picked('77', 'later'), picked('78')] }),
    'pick-without-end',
    'info',
    /whatever the switch says: 78\. /,
  ],
  ['traces were lost', withTrace({ tracesLost: 1 }), 'traces-lost', 'warning', /^1 trace lost/],
  [
    'a reload failed',
    withStatus({ reload: { at: '2027-01-15T07:00:00Z', ok: false, problems: ['line 3: socket: bad'] } }),
    'reload-failed',
    'warning',
    /line 3: socket: bad/,
  ],
  ['the loop was held up', ago(59, { loop_ms: 201 }), 'event-loop-slow', 'warning', /201 ms/],
  [
    'messages were lost',
    {
      ...withStatus({ messages: { relayed: 1, postponed: 0, lost: { 'send-timeout': 9, idle: 1 }, pings: 0 } }),
      ...ago(299, { messages_lost: 3 }),
    },
    'messages-lost',
    'warning',
    /^3 SIP messages .* send-timeout \(9\)/,
  ],
  [
    'four fifths of the connections are used',
    accepted(80, 100),
    'connections-near-limit',
    'warning',
    /^80 of at most 100/,
  ],
  ['nearly all connections are used', accepted(95, 100), 'connections-near-limit', 'critical', /max_connections/],
]

for (const [what, known, code, level, says] of present) {
  test(`${code}, ${level}, when ${what}`, () => {
    const all = found(known)
    assert.deepEqual(
      all.map((one) => [one.code, one.level]),
      [[code, level]],
    )
    assert.match(all[0]!.message, says)
  })
}

/** just not enough, and therefore nothing at all */
const absent: [what: string, known: Partial<Known>][] = [
  ['all is well', {}],
  ['a certificate has more than 14 days', withStatus({ domains: [domain('a', 14.1)] })],
  ['an upstream is not known yet', withStatus({ upstreams: [upstreamStatus({ state: 'unknown' })] })],
  ['there are no upstreams', withStatus({ upstreams: [] })],
  [
    'a destination connects for the first time',
    withStatus({ destinations: [destinationStatus({ state: 'connecting' })] }),
  ],
  [
    'a destination had an error before it connected',
    withStatus({ destinations: [destinationStatus({ lastError: 'refused' })] }),
  ],
  ['a destination dropped more than a minute ago', ago(60, dropping)],
  ['handshakes fail, but few of many', ago(1, { ...failing, handshakes_ok: 21 })],
  ['handshakes fail, but only four', ago(1, { handshakes_failed: 4, failed_by: { 'not-tls': 4 } })],
  ['handshakes failed more than five minutes ago', ago(300, failing)],
  ['clients offer nothing better than TLS 1.2', weak('TLSv1.2')],
  ['connections are traced for a time', withTrace({ picked: [picked('77', 'later')] })],
  ['tracing is on until a time', withTrace({ trace_mode: 'on', until: '2027-01-15T08:10:00Z' })],
  ['the last reload went well', withStatus({ reload: { at: '2027-01-15T07:00:00Z', ok: true, problems: ['note'] } })],
  ['the loop was held up a little', ago(1, { loop_ms: 200 })],
  ['the loop was held up more than a minute ago', ago(60, { loop_ms: 900 })],
  ['messages were lost more than five minutes ago', ago(300, { messages_lost: 3 })],
  ['fewer than four fifths of the connections are used', accepted(79, 100)],
  ['the limit is not known', accepted(1_000_000, undefined)],
]

for (const [what, known] of absent) {
  test(`no attention when ${what}`, () => {
    assert.deepEqual(found(known), [])
  })
}

test('a paused destination is not said to drop', () => {
  const known = { ...withStatus({ destinations: [destinationStatus({ paused: true })] }), ...ago(1, dropping) }
  assert.deepEqual(
    found(known).map(({ code }) => code),
    ['destination-paused'],
  )
})

test('the gravest come first', () => {
  const status = healthyStatus({
    upstreams: [down],
    destinations: [destinationStatus({ state: 'waiting', lastError: 'refused' })],
    trace: { ...healthyStatus().trace, trace_mode: 'on' },
    domains: [domain('a', -1), domain('b', 10)],
  })
  assert.deepEqual(
    found({ status }).map(({ level, code }) => `${level} ${code}`),
    [
      'critical upstream-down',
      'critical certificate-expired',
      'warning certificate-expiring',
      'warning destination-down',
      'info trace-without-end',
    ],
  )
})

test('of many names the first few are told, and how many more there are', () => {
  const domains = Array.from({ length: 7 }, (_, i) => domain(`d${i}`, -1))
  assert.match(found(withStatus({ domains }))[0]!.message, /d0 since .*, d1 since .*, d2 since \S+ and 4 more/)
})

test('every message is one or two sentences, with words that can be searched for where there are any', () => {
  const around = { nowMicros: () => nowMs * 1000, traced: () => false, usersOf: () => [], connectionsOfCall: () => [] }
  for (const [, known] of present) {
    const [one] = found(known)
    assert.match(one!.message, /^[^\n]{20,400}\.$/)
    if (one!.search !== undefined) assert.ok('matches' in compileSearch({ search: one!.search }, around), one!.search)
  }
})
