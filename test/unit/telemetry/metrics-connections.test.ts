/** What connections are counted as, by the events that tls/ publishes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cause } from '../../../src/base/errors.js'
import type { ConnectionEvent, ConnectionFacts, TlsFacts } from '../../../src/base/facts.js'
import { ConnectionMetrics } from '../../../src/telemetry/metrics/connection-metrics.js'
import { type InstrumentKey, instruments } from '../../../src/telemetry/metrics/instruments.js'
import type { HistogramValue } from '../../../src/telemetry/metrics/reading.js'
import { facts } from '../../support/destinations.js'

const tls: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  alpn: undefined,
  resumed: false,
  group: undefined,
  verify: 'none',
  nameVerdict: undefined,
}
const outgoing = { direction: 'out', listener: undefined, handshakeMs: undefined } as const

class Life {
  readonly metrics = new ConnectionMetrics()

  /** One event after the other; a cause makes it a failure. */
  see(about: ConnectionFacts, ...events: (ConnectionEvent['name'] | [ConnectionEvent['name'], Cause])[]): void {
    for (const event of events) {
      const [name, cause] = typeof event === 'string' ? [event, undefined] : event
      if (name === 'CLOSED') about.closed = { cause: cause ?? 'peer-closed', by: 'peer', message: '', durationMs: 2500 }
      const status = cause === undefined ? 'SUCCESS' : 'FAILURE'
      this.metrics.see({ name, status, cause, message: '', facts: about })
    }
  }

  /** Label values, joined, with the value; a histogram's as count and sum. */
  read(key: InstrumentKey): Record<string, number | string> {
    const { points } = this.metrics.readings().find(({ instrument }) => instrument === instruments[key])!
    return Object.fromEntries(points.map(({ labels, value }) => [labels!.join(' '), numberOf(value)]))
  }
}

function numberOf(value: number | HistogramValue): number | string {
  return typeof value === 'number' ? value : `${value.count} in ${value.sum}`
}

test('an accepted connection is open until it is closed, with its handshake and its end counted once', () => {
  const life = new Life()
  const one = facts({ tls })
  life.see(one, 'ACCEPTED', 'STATS')
  assert.deepEqual(life.read('connectionsActive'), { 'in edge tls default': 1 })
  assert.deepEqual(life.read('connectionsClosed'), {})
  life.see(one, 'CLOSED')
  assert.deepEqual(life.read('connectionsActive'), { 'in edge tls default': 0 })
  assert.deepEqual(life.read('connectionsOpened'), { 'in edge tls default': 1 })
  assert.deepEqual(life.read('connectionsClosed'), { 'in edge tls default peer-closed peer': 1 })
  assert.deepEqual(life.read('connectionDuration'), { 'in edge tls': '1 in 2.5' })
  assert.deepEqual(life.read('handshakes'), {
    'in edge default success  1.3 TLS_AES_256_GCM_SHA384 false': 1,
  })
  assert.deepEqual(life.read('handshakeDuration'), { 'in edge success': '1 in 0.012' })
  assert.deepEqual(life.read('connects'), {})
})

test('a connection that was refused was never open', () => {
  const life = new Life()
  life.see(facts(), ['ACCEPTED', 'cert-expired'], ['CLOSED', 'cert-expired'])
  for (const key of ['connectionsActive', 'connectionsOpened', 'connectionsClosed', 'connectionDuration'] as const) {
    assert.deepEqual(life.read(key), {}, key)
  }
  assert.deepEqual(life.read('handshakes'), { 'in edge default failure cert-expired   ': 1 })
  assert.deepEqual(life.read('connectionsRefused'), {}, 'it is under handshakes')
})

test('what was refused without a handshake is counted by cause, and nowhere else', () => {
  const life = new Life()
  life.see(facts({ id: '1' }), ['ACCEPTED', 'limit-reached'], ['CLOSED', 'limit-reached'])
  life.see(facts({ id: '2' }), ['ACCEPTED', 'limit-reached'], ['CLOSED', 'limit-reached'])
  life.see(facts({ id: '3' }), ['ACCEPTED', 'bad-proxy-header'], ['CLOSED', 'bad-proxy-header'])
  const core = { side: 'core', transport: 'tcp', domain: undefined } as const
  life.see(facts({ id: '4', ...core }), ['ACCEPTED', 'reset-in-handshake'], ['CLOSED', 'reset-in-handshake'])
  life.see(facts({ id: '5', ...core, ...outgoing }), ['CONNECTED', 'connect-refused'], ['CLOSED', 'connect-refused'])
  assert.deepEqual(life.read('connectionsRefused'), {
    'edge tls limit-reached': 2,
    'edge tls bad-proxy-header': 1,
    'core tcp reset-in-handshake': 1,
  })
  for (const key of ['connectionsActive', 'connectionsOpened', 'connectionsClosed', 'handshakes'] as const) {
    assert.deepEqual(life.read(key), {}, key)
  }
})

test('one that was open before anybody counted takes nothing away when it is closed', () => {
  const life = new Life()
  life.see(facts({ tls }), 'CLOSED')
  life.see(facts({ tls, id: '2' }), 'ACCEPTED')
  assert.deepEqual(life.read('connectionsActive'), { 'in edge tls default': 1 })
  assert.deepEqual(life.read('connectionsClosed'), {})
})

test('after everything is closed nothing is open, whatever happened on the way', () => {
  const life = new Life()
  const endings: Cause[] = ['peer-closed', 'bad-sip', 'shutdown', 'peer-alert-bad_certificate', 'killed']
  endings.forEach((cause, i) => {
    const one = facts({ id: String(i), tls, domain: `d${i % 2}` })
    life.see(one, 'ACCEPTED', ['ERROR', cause], ['CLOSED', cause], ['CLOSED', cause])
  })
  assert.deepEqual(life.read('connectionsActive'), { 'in edge tls d0': 0, 'in edge tls d1': 0 })
  assert.deepEqual(life.read('connectionErrors'), Object.fromEntries(endings.map((one) => [`in edge tls ${one}`, 1])))
  assert.deepEqual(life.read('framingErrors'), { 'edge tls bad-sip': 1 })
})

test('only TLS has handshakes, only what connects has connects', () => {
  const life = new Life()
  const clear = { domain: undefined, side: 'core', connectMs: 4 } as const
  life.see(facts({ ...clear, transport: 'tcp' }), 'ACCEPTED')
  life.see(facts({ ...clear, ...outgoing, transport: 'tcp' }), 'CONNECT_START', 'CONNECTED')
  life.see(facts({ ...clear, ...outgoing, transport: 'udp', connectMs: undefined }), 'CONNECT_START', 'CONNECTED')
  assert.deepEqual(life.read('handshakes'), {})
  assert.deepEqual(life.read('connects'), { 'core tcp success ': 1 })
  assert.deepEqual(life.read('connectDuration'), { 'core tcp': '1 in 0.004' })
  assert.deepEqual(life.read('connectionsActive'), { 'in core tcp ': 1, 'out core tcp ': 1, 'out core udp ': 1 })
})

test('the handshake of an outgoing connection is counted without its connect', () => {
  const life = new Life()
  life.see(facts({ ...outgoing, tls, connectMs: 5, handshakeMs: 25 }), 'CONNECTED')
  assert.deepEqual(life.read('handshakeDuration'), { 'out edge success': '1 in 0.02' })
})

test('a handshake that failed took until then', () => {
  const life = new Life()
  const begun = Date.now() - 3000
  life.see(facts({ ...outgoing, connectMs: 1000, openedMicros: begun * 1000 }), ['CONNECTED', 'handshake-timeout'])
  const [count, sum] = String(life.read('handshakeDuration')['out edge failure']).split(' in ')
  assert.equal(count, '1')
  assert.ok(Number(sum) >= 2 && Number(sum) < 20, sum)
})

test('what ends before TLS is no handshake: limits, PROXY headers, servers that cannot be reached', () => {
  const life = new Life()
  life.see(facts(), ['ACCEPTED', 'limit-reached'])
  life.see(facts(), ['ACCEPTED', 'bad-proxy-header'])
  life.see(facts(outgoing), ['CONNECTED', 'connect-refused'])
  assert.deepEqual(life.read('handshakes'), {})
  assert.deepEqual(life.read('connects'), { 'edge tls failure connect-refused': 1 })
  assert.deepEqual(life.read('connectDuration'), {})
})

test('a connect that ended in ERROR, because too many messages waited, has failed too', () => {
  const life = new Life()
  const one = facts({ ...outgoing, connectMs: 3 })
  life.see(one, 'CONNECT_START', ['ERROR', 'postponed-overflow'], ['CLOSED', 'postponed-overflow'])
  assert.deepEqual(life.read('connects'), { 'edge tls failure postponed-overflow': 1 })
  assert.deepEqual(life.read('handshakes'), { 'out edge default failure postponed-overflow   ': 1 })
  assert.deepEqual(life.read('connectionsActive'), {})
})

test('an ERROR of an outgoing connection that is open is no connect that failed', () => {
  const life = new Life()
  const one = facts({ ...outgoing, tls, connectMs: 3, handshakeMs: 9 })
  life.see(one, 'CONNECTED', ['ERROR', 'keepalive-timeout'], ['CLOSED', 'keepalive-timeout'])
  assert.deepEqual(life.read('connects'), { 'edge tls success ': 1 })
})

test('clients at the edge that know nothing above TLS 1.1 are weak, let in or not', () => {
  const life = new Life()
  const hello = (...versions: string[]) => ({ hello: { sni: undefined, alpn: [], versions, ja4: '' } })
  life.see(facts(hello('TLSv1.1', 'TLSv1')), ['ACCEPTED', 'no-shared-version'])
  life.see(facts({ ...hello('TLSv1'), tls: { ...tls, version: 'TLSv1' } }), 'ACCEPTED')
  life.see(facts(hello('SSLv3')), ['ACCEPTED', 'no-shared-version'])
  life.see(facts(hello('TLSv1.2')), 'ACCEPTED')
  life.see(facts(hello('0x7f1c', 'TLSv1')), 'ACCEPTED')
  life.see(facts({ ...hello('TLSv1'), side: 'core' }), 'ACCEPTED')
  assert.deepEqual(life.read('weakClients'), { 'default 1.1': 1, 'default 1.0': 1, 'default ssl3': 1 })
})
