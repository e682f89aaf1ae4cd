import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure } from '../../../src/base/errors.js'
import type { Log } from '../../../src/base/log.js'
import { PeerLog } from '../../../src/relay/peer-log.js'
import { Trunk } from '../../../src/relay/trunk.js'
import { Upstream } from '../../../src/relay/upstreams.js'
import { FakeTime } from '../trace/fakes.js'

const refused = failure('connect-refused', 'nobody listens there')
const minuteMs = 60_000

function upstream(host: string): Upstream {
  return new Upstream({ uri: `sip:${host}`, host, port: 5060, transport: 'tcp', priority: 1, weight: 1 })
}

function trunk(): Trunk {
  const host = 'sip.carrier.example'
  return new Trunk({ uri: `sips:${host}`, host, port: undefined, transport: 'tls', keepalive: 30, options: 0 })
}

/** A log of these peers with a clock that goes only with `pass`, and the lines it wrote. */
class Bench {
  readonly lines: string[] = []
  readonly time = new FakeTime()
  readonly peerLog: PeerLog
  readonly upstreams: readonly Upstream[]

  constructor(peers: readonly (Upstream | Trunk)[]) {
    const line =
      (level: string) =>
      (fields: object, message: string): void =>
        void this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
    const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
    this.upstreams = peers.filter((peer) => peer instanceof Upstream)
    this.peerLog = new PeerLog({
      log,
      upstreams: () => this.upstreams,
      timers: this.time,
      nowMs: () => this.time.micros / 1000,
    })
    for (const peer of peers) this.peerLog.watch(peer)
  }
}

const whyOfA = '{"uri":"sip:10.0.0.5","cause":"connect-refused","reason":"nobody listens there"}'

test('a change is told, staying as it is and coming up for the first time are not', () => {
  const [one, other] = [upstream('10.0.0.5'), upstream('10.0.0.6')]
  const { lines } = new Bench([one, other])
  one.connected()
  one.failed(refused)
  one.failed(refused)
  one.connected()
  one.connected()
  assert.deepEqual(lines, [`warn upstream is down ${whyOfA}`, 'info upstream is up again {"uri":"sip:10.0.0.5"}'])
})

test('the last upstream that goes is an error, whether or not a trunk is up', () => {
  const [one, other, carrier] = [upstream('10.0.0.6'), upstream('10.0.0.5'), trunk()]
  const { lines } = new Bench([one, other, carrier])
  carrier.connected()
  one.failed(refused)
  other.failed(refused)
  assert.deepEqual(lines.slice(1), [`error upstream is down, and no other is left ${whyOfA}`])
})

test('a trunk is no upstream', () => {
  const carrier = trunk()
  const { lines } = new Bench([carrier])
  carrier.failed(refused)
  carrier.connected()
  assert.deepEqual(
    lines.map((line) => line.split(' {')[0]),
    ['warn trunk is down', 'info trunk is up again'],
  )
})

test('one that comes and goes is told of four times a minute, and then as it stands when the minute is over', () => {
  const [one, other] = [upstream('10.0.0.5'), upstream('10.0.0.6')]
  const { lines, time } = new Bench([one, other])
  const flap = (): void => {
    one.failed(refused)
    one.connected()
  }
  for (let i = 0; i < 10; i++) flap()
  one.failed(refused)
  assert.equal(lines.length, 4)
  time.pass(minuteMs - 1)
  assert.equal(lines.length, 4)
  time.pass(1)
  assert.deepEqual(lines.slice(4), [`warn upstream is down ${whyOfA.replace('}', ',"changes":17}')}`])
  for (let i = 0; i < 10; i++) flap()
  assert.equal(lines.length, 8, 'the next minute has as many lines')
})

test('who is not watched any more is not told of, neither now nor at the end of the minute', () => {
  const one = upstream('10.0.0.5')
  const { lines, time, peerLog } = new Bench([one])
  for (let i = 0; i < 10; i++) {
    one.failed(refused)
    one.connected()
  }
  const told = lines.length
  peerLog.stop()
  one.failed(refused)
  time.pass(2 * minuteMs)
  assert.equal(lines.length, told)
})
