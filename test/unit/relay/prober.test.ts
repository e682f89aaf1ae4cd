import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Failure, failure } from '../../../src/base/errors.js'
import type { Transport } from '../../../src/base/facts.js'
import type { FlowTokens } from '../../../src/relay/flow.js'
import { type Carrier, Leg } from '../../../src/relay/leg.js'
import { OwnName } from '../../../src/relay/own-name.js'
import { Prober, type ProbeTarget } from '../../../src/relay/prober.js'
import { connection, FakeTime } from '../trace/fakes.js'

const intervalMs = 10_000
const timeoutMs = 4000

class Target implements ProbeTarget {
  readonly requestUri: string
  readonly intervalMs = intervalMs
  readonly heard: (number | string)[] = []
  giveUp = false

  constructor(requestUri = 'sip:10.0.0.5:5060') {
    this.requestUri = requestUri
  }

  succeeded(ms: number): void {
    this.heard.push(ms)
  }

  missed(reason: Failure): boolean {
    this.heard.push(reason.message)
    return this.giveUp
  }
}

interface Sent {
  readonly atMs: number
  readonly text: string
  readonly branch: string
}

/** A prober over one leg, with a clock that goes only with `pass`. */
class Bench {
  readonly time = new FakeTime()
  readonly sent: Sent[] = []
  readonly failed: Failure[] = []
  readonly asked: ProbeTarget[] = []
  readonly leg: Leg
  found: Leg | Failure | Promise<Leg | Failure>
  takes = true
  readonly prober: Prober
  readonly #startMicros = this.time.micros
  #hex = 0

  constructor(transport: Transport = 'tls', options: { timeoutMs?: number; hex?: 'counted' | 'random' } = {}) {
    const carrier = {
      facts: connection({ transport }),
      fail: (reason: Failure) => this.failed.push(reason),
    } as unknown as Carrier
    const own = new OwnName({ host: 'sip.example.com', port: 5061 }, transport, true, transport === 'tls')
    this.leg = new Leg(carrier, own, {} as FlowTokens, { received: () => {} })
    this.found = this.leg
    this.prober = new Prober({
      timeoutMs: options.timeoutMs ?? timeoutMs,
      userAgent: 'hepgate/1.2.3',
      random: () => 0.5,
      timers: this.time,
      nowMs: () => this.time.micros / 1000,
      port: {
        leg: async (target) => {
          this.asked.push(target)
          return this.found
        },
        send: (_leg, bytes) => {
          const text = bytes.toString()
          const branch = /;branch=([^;\r]+)/.exec(text)?.[1] ?? ''
          if (this.takes) this.sent.push({ atMs: this.atMs, text, branch })
          return this.takes
        },
      },
      ...(options.hex === 'random' ? {} : { randomHex: () => String(++this.#hex).padStart(16, '0') }),
    })
  }

  get atMs(): number {
    return (this.time.micros - this.#startMicros) / 1000
  }

  get last(): Sent {
    const last = this.sent.at(-1)
    assert.ok(last !== undefined, 'nothing was sent')
    return last
  }

  /** Half a second at a time, so that legs that were asked for are there before time goes on. */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
      this.time.pass(Math.min(500, leftMs))
      await this.time.turn()
    }
  }
}

/** A leg that takes its time to open. */
function later(): { promise: Promise<Leg>; resolve: (leg: Leg) => void } {
  let resolve: (leg: Leg) => void = () => {}
  const promise = new Promise<Leg>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

test('a probe is an OPTIONS as RFC 3261 §11.1 wants it', async () => {
  const bench = new Bench()
  bench.prober.add(new Target())
  await bench.pass(500)
  assert.deepEqual(bench.last.text.split('\r\n'), [
    'OPTIONS sip:10.0.0.5:5060 SIP/2.0',
    'Via: SIP/2.0/TLS sip.example.com:5061;branch=z9hG4bKhgp0000000000000001;alias',
    'Max-Forwards: 70',
    'From: <sip:sip.example.com>;tag=0000000000000003',
    'To: <sip:10.0.0.5>',
    'Call-ID: 0000000000000002@sip.example.com',
    'CSeq: 1 OPTIONS',
    'Contact: <sip:sip.example.com:5061;transport=tls>',
    'Accept: application/sdp',
    'User-Agent: hepgate/1.2.3',
    'Content-Length: 0',
    '',
    '',
  ])
})

test('To keeps the brackets of an IPv6 address and a name without port', async () => {
  for (const [uri, to] of [
    ['sip:[2001:db8::5]:5060', 'sip:[2001:db8::5]'],
    ['sip:[2001:db8::5]', 'sip:[2001:db8::5]'],
    ['sip:sip.carrier.example', 'sip:sip.carrier.example'],
  ] as const) {
    const bench = new Bench()
    bench.prober.add(new Target(uri))
    await bench.pass(500)
    assert.equal(/^OPTIONS (\S+)/.exec(bench.last.text)?.[1], uri)
    assert.equal(/\r\nTo: <([^>]+)>\r\n/.exec(bench.last.text)?.[1], to)
  }
})

test('branch, tag and Call-ID are 64 random bits each, new for every probe', async () => {
  const bench = new Bench('tls', { hex: 'random' })
  bench.prober.add(new Target())
  await bench.pass(500)
  bench.prober.answered(bench.last.branch, 200)
  await bench.pass(intervalMs)
  const numbers = bench.sent.flatMap(({ text }) => text.match(/(?<=hgp|tag=|Call-ID: )[0-9a-f]{16}\b/g))
  assert.equal(new Set(numbers).size, 6)
})

test('the first probe leaves within a second, the others follow by the interval however late the answer', async () => {
  const bench = new Bench()
  bench.prober.add(new Target())
  for (const answerMs of [500, 3500, 1000]) {
    await bench.pass(answerMs)
    bench.prober.answered(bench.last.branch, 200)
    await bench.pass(intervalMs - answerMs)
  }
  assert.deepEqual(
    bench.sent.map(({ atMs }) => atMs),
    [500, 10_500, 20_500],
  )
})

test('an answer in time is a success with its round trip, and only its first copy counts', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.prober.add(target)
  await bench.pass(500)
  bench.time.pass(12.34)
  const { branch } = bench.last
  assert.equal(bench.prober.answered(branch, 200), true)
  assert.equal(bench.prober.answered(branch, 200), false)
  await bench.pass(timeoutMs)
  assert.deepEqual(target.heard, [12.3])
})

for (const [status, heard] of [
  [200, 0],
  [404, 0],
  [430, 0],
  [481, 0],
  [500, 0],
  [603, 0],
  [408, 'OPTIONS was answered with 408'],
  [503, 'OPTIONS was answered with 503'],
] as const) {
  test(`${status} means that the target is ${heard === 0 ? 'alive' : 'not to be used, and its connection stays'}`, async () => {
    const bench = new Bench()
    const target = new Target()
    target.giveUp = true
    bench.prober.add(target)
    await bench.pass(500)
    bench.prober.answered(bench.last.branch, status)
    assert.deepEqual([target.heard, bench.failed], [[heard], []])
  })
}

test('a provisional answer is taken, and the final one still awaited', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.prober.add(target)
  await bench.pass(500)
  assert.equal(bench.prober.answered(bench.last.branch, 100), true)
  assert.deepEqual(target.heard, [])
  await bench.pass(timeoutMs)
  assert.deepEqual(target.heard, ['no answer to OPTIONS within 4000 ms'])
})

test('an answer that comes too late is known as ours and counts for nothing; one to another branch is not ours', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.prober.add(target)
  await bench.pass(500)
  assert.equal(bench.prober.answered('z9hG4bKhgp00000000000000ff', 200), false)
  await bench.pass(timeoutMs)
  const late = bench.last.branch
  assert.equal(bench.prober.answered(late, 200), true)
  assert.deepEqual(target.heard, ['no answer to OPTIONS within 4000 ms'])
  // two probes later nobody remembers it
  await bench.pass(2 * intervalMs)
  assert.equal(bench.prober.answered(late, 200), false)
})

test('a connection without answers is failed when the target says so, not before', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.prober.add(target)
  await bench.pass(500 + timeoutMs)
  assert.deepEqual([target.heard.length, bench.failed], [1, []])
  target.giveUp = true
  await bench.pass(intervalMs)
  assert.deepEqual(bench.failed, [failure('keepalive-timeout', 'no answer to OPTIONS within 4000 ms')])
})

test('one on which anything came since the probe is not: some servers ignore OPTIONS and carry calls', async () => {
  const bench = new Bench()
  const target = new Target()
  target.giveUp = true
  bench.prober.add(target)
  await bench.pass(1000)
  bench.leg.facts.messagesIn++
  await bench.pass(timeoutMs)
  assert.deepEqual([target.heard.length, bench.failed], [1, []], 'missed all the same')
  // The next probe is unanswered, and nothing else comes.
  await bench.pass(intervalMs)
  assert.equal(bench.failed.length, 1)
})

test('over UDP it is sent again after 0.5, 1, 2 and 4 s, unchanged, until the timeout; nothing is closed', async () => {
  const bench = new Bench('udp', { timeoutMs: 9500 })
  const target = new Target()
  target.giveUp = true
  bench.prober.add(target)
  await bench.pass(500 + 9500)
  assert.deepEqual(
    bench.sent.map(({ atMs }) => atMs - 500),
    [0, 500, 1500, 3500, 7500],
  )
  assert.equal(new Set(bench.sent.map(({ text }) => text)).size, 1)
  assert.deepEqual([target.heard, bench.failed], [['no answer to OPTIONS within 9500 ms'], []])
})

test('over UDP nothing is sent again once it was answered', async () => {
  const bench = new Bench('udp')
  bench.prober.add(new Target())
  await bench.pass(1000)
  assert.equal(bench.sent.length, 2)
  bench.prober.answered(bench.last.branch, 200)
  await bench.pass(5000)
  assert.equal(bench.sent.length, 2)
})

test('over a stream it is sent once', async () => {
  const bench = new Bench('tcp')
  bench.prober.add(new Target())
  await bench.pass(500 + timeoutMs)
  assert.equal(bench.sent.length, 1)
})

test('without a leg the probe is missed for that reason, and asked for again by the interval', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.found = failure('connect-refused', 'refused')
  bench.prober.add(target)
  await bench.pass(500)
  assert.deepEqual(target.heard, ['refused'])
  bench.found = bench.leg
  await bench.pass(intervalMs)
  assert.equal(bench.sent.length, 1)
})

test('a leg that takes nothing any more is a missed probe', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.takes = false
  bench.prober.add(target)
  await bench.pass(500)
  assert.deepEqual(target.heard, ['the connection ended before OPTIONS could be sent'])
})

test('however long the leg takes to open, no second one is asked for meanwhile', async () => {
  const bench = new Bench()
  const { promise, resolve } = later()
  bench.found = promise
  bench.prober.add(new Target())
  await bench.pass(3 * intervalMs)
  assert.equal(bench.asked.length, 1)
  resolve(bench.leg)
  await bench.pass(500)
  bench.prober.answered(bench.last.branch, 200)
  bench.found = bench.leg
  await bench.pass(500)
  assert.equal(bench.sent.length, 2)
})

test('a target added twice is probed once; one without interval is not probed', async () => {
  const bench = new Bench()
  const target = new Target()
  bench.prober.add(target)
  bench.prober.add(target)
  bench.prober.add({ requestUri: 'sip:10.0.0.6', intervalMs: 0, succeeded() {}, missed: () => false })
  await bench.pass(1000)
  assert.deepEqual(bench.asked, [target])
})

test('a removed target is asked nothing, told nothing and leaves no timer, at whatever moment it goes', async () => {
  for (const goesAtMs of [0, 500, 500 + timeoutMs]) {
    const bench = new Bench()
    const target = new Target()
    bench.prober.add(target)
    await bench.pass(goesAtMs)
    const before = [bench.sent.length, target.heard.length]
    bench.prober.remove(target)
    assert.equal(bench.time.waiting, 0)
    assert.equal(bench.prober.answered(bench.sent[0]?.branch ?? '', 200), false)
    await bench.pass(2 * intervalMs)
    assert.deepEqual([bench.sent.length, target.heard.length], before)
  }
})

test('a target removed while its leg is being opened is sent nothing', async () => {
  const bench = new Bench()
  const { promise, resolve } = later()
  bench.found = promise
  const target = new Target()
  bench.prober.add(target)
  await bench.pass(500)
  bench.prober.remove(target)
  resolve(bench.leg)
  await bench.pass(intervalMs)
  assert.deepEqual([bench.sent.length, target.heard, bench.time.waiting], [0, [], 0])
})

test('after stop nothing is waited for', async () => {
  const bench = new Bench()
  bench.prober.add(new Target())
  bench.prober.add(new Target('sip:10.0.0.6:5060'))
  await bench.pass(500)
  bench.prober.stop()
  bench.prober.stop()
  assert.equal(bench.time.waiting, 0)
})
