import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Failure, failure } from '../../../src/base/errors.js'
import { KeepAlive, type Pingable } from '../../../src/relay/keepalive.js'

const times = { intervalMs: 30_000, pongTimeoutMs: 10_000 }
const tickMs = 100

/** A connection as far as keep-alives know it: a ping while one is unanswered does nothing. */
class Pinged implements Pingable {
  awaitingPongSinceMs = 0
  readonly pingsMs: number[] = []
  failed: Failure | undefined
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  ping(): void {
    this.pingsMs.push(this.#nowMs())
    this.awaitingPongSinceMs = this.#nowMs()
  }

  fail(reason: Failure): void {
    assert.equal(this.failed, undefined, 'failed twice')
    this.failed = reason
  }
}

/** Keep-alives whose clock goes only with `pass`, from tick to tick. */
class Bench {
  nowMs = 5000
  random = 1
  readonly keepAlive: KeepAlive

  constructor(t: TestContext) {
    this.keepAlive = new KeepAlive(
      () => this.nowMs,
      () => this.random,
    )
    this.keepAlive.stop() // the test is the timer
    t.after(() => this.keepAlive.stop())
  }

  connection(): Pinged {
    return new Pinged(() => this.nowMs)
  }

  pass(ms: number, eachTick: () => void = () => {}): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += tickMs
      this.keepAlive.tick()
      eachTick()
    }
  }
}

test('a connection is pinged once an interval as long as it answers', (t) => {
  const bench = new Bench(t)
  const connection = bench.connection()
  bench.keepAlive.watch(connection, times)
  bench.pass(100_000, () => {
    connection.awaitingPongSinceMs = 0
  })
  assert.deepEqual(connection.pingsMs, [35_000, 65_000, 95_000])
  assert.equal(connection.failed, undefined)
})

test('pings come after 80 to 100 percent of the interval, drawn anew each time', (t) => {
  const bench = new Bench(t)
  const connection = bench.connection()
  bench.random = 0
  bench.keepAlive.watch(connection, times)
  bench.random = 0.5
  bench.pass(55_000, () => {
    connection.awaitingPongSinceMs = 0
  })
  assert.deepEqual(connection.pingsMs, [29_000, 56_000])
})

test('a connection that does not answer in time has failed, once', (t) => {
  const bench = new Bench(t)
  const connection = bench.connection()
  bench.keepAlive.watch(connection, times)
  bench.pass(30_000 + times.pongTimeoutMs - tickMs)
  assert.equal(connection.failed, undefined)
  bench.pass(tickMs)
  assert.deepEqual(connection.failed, failure('keepalive-timeout', 'no answer to CRLFCRLF within 10000 ms'))
  bench.pass(100_000)
  assert.equal(connection.pingsMs.length, 1)
})

test('an answer in time saves the connection, also when the next ping is due by then', (t) => {
  const bench = new Bench(t)
  const connection = bench.connection()
  bench.keepAlive.watch(connection, { intervalMs: 2000, pongTimeoutMs: 10_000 })
  bench.pass(11_900)
  assert.equal(connection.pingsMs.length, 1)
  connection.awaitingPongSinceMs = 0
  bench.pass(tickMs)
  assert.deepEqual([connection.pingsMs.length, connection.failed], [2, undefined])
})

test('each connection has its own times', (t) => {
  const bench = new Bench(t)
  const [quick, slow, never] = [bench.connection(), bench.connection(), bench.connection()]
  bench.keepAlive.watch(quick, { intervalMs: 1000, pongTimeoutMs: 500 })
  bench.keepAlive.watch(slow, { intervalMs: 1200, pongTimeoutMs: 5000 })
  bench.keepAlive.watch(never, { intervalMs: 0, pongTimeoutMs: 500 })
  bench.pass(3000)
  assert.deepEqual(
    [quick, slow, never].map(({ pingsMs, failed }) => [pingsMs.length, failed?.cause]),
    [
      [1, 'keepalive-timeout'],
      [1, undefined],
      [0, undefined],
    ],
  )
})

test('a connection that was forgotten is neither pinged nor failed', (t) => {
  const bench = new Bench(t)
  const [quiet, waiting] = [bench.connection(), bench.connection()]
  bench.keepAlive.watch(quiet, { intervalMs: 60_000, pongTimeoutMs: 10_000 })
  bench.keepAlive.watch(waiting, times)
  bench.pass(31_000)
  bench.keepAlive.forget(quiet)
  bench.keepAlive.forget(waiting)
  bench.pass(100_000)
  assert.deepEqual([quiet.pingsMs.length, waiting.failed], [0, undefined])
})

test('it looks every 100 ms until it is stopped', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 5000
  const keepAlive = new KeepAlive(
    () => nowMs,
    () => 1,
  )
  const connection = new Pinged(() => nowMs)
  keepAlive.watch(connection, times)
  nowMs = 35_000
  t.mock.timers.tick(tickMs - 1)
  assert.equal(connection.pingsMs.length, 0)
  t.mock.timers.tick(1)
  assert.equal(connection.pingsMs.length, 1)
  keepAlive.stop()
  nowMs = 60_000
  t.mock.timers.tick(10 * tickMs)
  assert.equal(connection.failed, undefined)
})
