import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Cause, Failure } from '../../../src/base/errors.js'
import type { Connection } from '../../../src/tls/connection.js'
import { ConnectionWatch, type WatchLimits } from '../../../src/tls/watch.js'

const limits: WatchLimits = { sendTimeoutMs: 400, messageTimeoutMs: 2000, idleMs: 10_000 }
const tickMs = 100

/** A connection as far as the watch knows it, without a socket. */
class Watched {
  state = 'open'
  lastActiveMs = 0
  incompleteSinceMs = 0
  stuckSinceMs = 0
  stuckAtBytes = 0
  inSendWatch = false
  unsentBytes = 0
  takenBytes = 0
  paused = false
  wireBytesIn = 0
  checkedWireBytes = 0
  checkedPlainBytes = 0
  readonly facts = { bytesIn: 0 }
  failed: Failure | undefined
  ended: Cause | undefined

  fail(reason: Failure): void {
    this.failed = reason
    this.state = 'closed'
  }

  end(cause: Cause): void {
    this.ended = cause
  }
}

function real(connection: Watched): Connection {
  return connection as unknown as Connection
}

function causeOf(connection: Watched): Cause | undefined {
  return connection.failed?.cause
}

/** A watch over `connections` whose clock goes only with `pass`, from tick to tick. */
class Bench {
  nowMs = 5000
  readonly watch: ConnectionWatch

  constructor(t: TestContext, connections: readonly Watched[], change: Partial<WatchLimits> = {}) {
    this.watch = new ConnectionWatch({ ...limits, ...change }, new Set(connections.map(real)), () => this.nowMs)
    this.watch.stop() // the test is the timer
    for (const connection of connections) connection.lastActiveMs = this.nowMs
    t.after(() => this.watch.stop())
  }

  pass(ms: number, eachTick: () => void = () => {}): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += tickMs
      eachTick()
      this.watch.tick()
    }
  }

  write(connection: Watched, bytes: number): void {
    connection.unsentBytes += bytes
    if (!connection.inSendWatch) this.watch.wrote(real(connection))
  }

  readHalf(connection: Watched): void {
    this.watch.incomplete(real(connection))
  }
}

test('bytes that do not move for the send timeout break the connection', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.write(connection, 3000)
  bench.pass(limits.sendTimeoutMs)
  assert.equal(causeOf(connection), undefined)
  bench.pass(tickMs)
  assert.deepEqual(connection.failed, { cause: 'send-timeout', message: '3000 bytes waited 400 ms to be sent' })
})

test('bytes that move, however slowly, and whatever is written behind them, break nothing', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.write(connection, 3000)
  bench.pass(20 * limits.sendTimeoutMs, () => {
    if (bench.nowMs % (3 * tickMs) !== 0) return
    connection.takenBytes += 1
    bench.write(connection, 100)
  })
  assert.equal(causeOf(connection), undefined)
  bench.pass(2 * limits.sendTimeoutMs)
  assert.equal(causeOf(connection), 'send-timeout')
})

test('what is written behind bytes that are stuck gives them no more time', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.write(connection, 3000)
  bench.pass(limits.sendTimeoutMs + tickMs, () => bench.write(connection, 100))
  assert.equal(causeOf(connection), 'send-timeout')
})

test('a connection whose bytes have left is watched no more, and its next write has the whole time', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.write(connection, 3000)
  bench.pass(3 * tickMs)
  connection.takenBytes = 3000
  connection.unsentBytes = 0
  bench.pass(tickMs)
  assert.equal(connection.inSendWatch, false)
  bench.pass(5 * limits.sendTimeoutMs)
  bench.write(connection, 10)
  bench.pass(limits.sendTimeoutMs)
  assert.equal(causeOf(connection), undefined)
  bench.pass(tickMs)
  assert.equal(causeOf(connection), 'send-timeout')
})

test('a connection that closed with bytes unsent is let go', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.write(connection, 3000)
  connection.state = 'closed'
  bench.pass(2 * limits.sendTimeoutMs)
  assert.deepEqual([causeOf(connection), connection.inSendWatch], [undefined, false])
})

test('one connection that is stuck does not take others along', (t) => {
  const [stuck, quick] = [new Watched(), new Watched()]
  const bench = new Bench(t, [stuck, quick])
  bench.write(stuck, 10)
  bench.write(quick, 10)
  bench.pass(2 * limits.sendTimeoutMs, () => quick.takenBytes++)
  assert.deepEqual([causeOf(stuck), causeOf(quick)], ['send-timeout', undefined])
})

test('a message that stays incomplete breaks the connection', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.readHalf(connection)
  bench.pass(limits.messageTimeoutMs - tickMs)
  assert.equal(causeOf(connection), undefined)
  bench.pass(tickMs)
  assert.equal(causeOf(connection), 'message-timeout')
  assert.match(String(connection.failed?.message), / 2000 ms$/)
})

test('a message that became complete in time has no deadline any more, the next one has its own', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.readHalf(connection)
  bench.pass(limits.messageTimeoutMs - tickMs)
  connection.incompleteSinceMs = 0
  bench.pass(tickMs)
  bench.readHalf(connection)
  bench.pass(limits.messageTimeoutMs - tickMs)
  assert.equal(causeOf(connection), undefined)
  bench.pass(tickMs)
  assert.equal(causeOf(connection), 'message-timeout')
})

test('a connection that is over is not failed for its incomplete message', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.readHalf(connection)
  bench.watch.forget(real(connection))
  bench.pass(2 * limits.messageTimeoutMs)
  assert.equal(causeOf(connection), undefined)
})

test('a connection without traffic ends as idle, within a second of its limit; traffic puts it off', (t) => {
  const [silent, busy] = [new Watched(), new Watched()]
  const bench = new Bench(t, [silent, busy])
  bench.pass(limits.idleMs - tickMs, () => {
    busy.lastActiveMs = bench.watch.nowMs
  })
  assert.equal(silent.ended, undefined)
  bench.pass(1000)
  assert.deepEqual([silent.ended, busy.ended], ['idle', undefined])
  assert.equal(causeOf(silent), undefined)
})

test('without an idle limit silence may last', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection], { idleMs: 0 })
  bench.pass(10 * limits.idleMs)
  assert.equal(connection.ended, undefined)
})

for (const [sendTimeoutMs, messageTimeoutMs, everyMs] of [
  [100, 5000, 25],
  [20, 5000, 10],
  [5000, 200, 50],
  [5000, 5000, 100],
] as const) {
  test(`with ${sendTimeoutMs} ms to send and ${messageTimeoutMs} ms for a message it looks every ${everyMs} ms`, (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let nowMs = 5000
    const watch = new ConnectionWatch({ sendTimeoutMs, messageTimeoutMs, idleMs: 0 }, new Set(), () => nowMs)
    nowMs = 6000
    t.mock.timers.tick(everyMs - 1)
    assert.equal(watch.nowMs, 5000)
    t.mock.timers.tick(1)
    assert.equal(watch.nowMs, 6000)
    watch.stop()
    nowMs = 7000
    t.mock.timers.tick(10 * everyMs)
    assert.equal(watch.nowMs, 6000)
  })
}

test('a message is not late while we ourselves do not read', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.readHalf(connection)
  connection.paused = true
  bench.pass(10 * limits.messageTimeoutMs)
  assert.equal(causeOf(connection), undefined)
  connection.paused = false
  bench.pass(limits.messageTimeoutMs - tickMs)
  assert.equal(causeOf(connection), undefined)
  bench.pass(2 * tickMs)
  assert.equal(causeOf(connection), 'message-timeout')
})

test('a flood of TLS records without data is broken off, a flood of data is not', (t) => {
  const empty = new Watched()
  const busy = new Watched()
  const bench = new Bench(t, [empty, busy])
  bench.pass(3000, () => {
    empty.wireBytesIn += 100_000
    busy.wireBytesIn += 100_000
    busy.facts.bytesIn += 95_000
    busy.lastActiveMs = bench.nowMs
  })
  assert.equal(causeOf(empty), 'tls-protocol-error')
  assert.equal(causeOf(busy), undefined)
})

test('a quiet connection may have more overhead than data', (t) => {
  const connection = new Watched()
  const bench = new Bench(t, [connection])
  bench.pass(3000, () => {
    connection.wireBytesIn += 2_000
    connection.facts.bytesIn += 20
  })
  assert.equal(causeOf(connection), undefined)
})

test('a trickle of empty TLS records ends one day, years of keep-alives do not', (t) => {
  const empty = new Watched()
  const phone = new Watched()
  const bench = new Bench(t, [empty, phone], { idleMs: 0 })
  bench.pass(60_000, () => {
    empty.wireBytesIn += 2_000
    phone.wireBytesIn += 85 * 100
    phone.facts.bytesIn += 4 * 100
  })
  assert.equal(causeOf(empty), 'tls-protocol-error')
  assert.equal(causeOf(phone), undefined)
})
