import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { Connection, pauseReasons } from '../../../src/tls/connection.js'
import { Connections } from '../../../src/tls/connections.js'
import type { ConnectionHandler } from '../../../src/tls/handler.js'
import { parse } from '../config/parsing.js'

const crlf = '\r\n'
const ping = '\r\n\r\n'

/** A socket that takes everything and counts in how many pieces. */
class TakingSocket extends Duplex {
  readonly pieces: string[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.pieces.push(chunk.toString('latin1'))
    done()
  }
}

/** What a handler hears, and nothing done about it. */
class Heard implements ConnectionHandler {
  messages = 0
  onConnected(): void {}
  onMessage(): void {
    this.messages++
  }
  onCrlf(): void {}
  onReadEnd(): void {}
  onPeerEnd(): void {}
  onBlocked(): void {}
  onDrain(): void {}
  onClosed(): void {}
}

let ids = 0

class Bench {
  readonly connections: Connections
  readonly connection: Connection
  readonly socket = new TakingSocket()
  readonly heard = new Heard()

  constructor(t: TestContext) {
    this.connections = new Connections(parse(''), () => String(++ids))
    this.connection = new Connection(this.connections.newFacts('in', 'tcp', 'edge'), this.connections)
    this.connection.adopt(this.socket as Duplex as Socket)
    t.after(() => {
      this.connection.close('shutdown')
      this.connections.stop()
    })
  }

  open(): this {
    this.connection.handler = this.heard
    this.connection.establish(this.socket as Duplex as Socket, 'ACCEPTED')
    this.connection.start()
    return this
  }

  /** Reads these bytes one by one. */
  receive(text: string): void {
    for (const byte of Buffer.from(text, 'latin1')) this.connection.read(Buffer.of(byte))
  }

  /** What goes to the socket at the end of this turn, piece by piece. */
  get sent(): string[] {
    this.connection.flush()
    return this.socket.pieces.splice(0)
  }

  get awaits(): boolean {
    return this.connection.awaitingPongSinceMs !== 0
  }
}

const message = 'OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n'

describe('bytes written in one turn', () => {
  test('that lie side by side leave as one piece', (t) => {
    const bench = new Bench(t).open()
    const slab = Buffer.from('onetwothree')
    for (const [from, to] of [
      [0, 3],
      [3, 6],
      [6, 11],
    ] as const) {
      assert.equal(bench.connection.write(slab.subarray(from, to), 1), true)
    }
    assert.deepEqual(bench.sent, ['onetwothree'])
    assert.equal(bench.connection.facts.bytesOut, 11)
    assert.equal(bench.connection.facts.messagesOut, 3)
    assert.equal(bench.connections.messages.sent, 3)
  })

  test('that do not leave as they are, in order', (t) => {
    const bench = new Bench(t).open()
    const [slab, other] = [Buffer.from('onetwothree'), Buffer.from('OTHER')]
    const pieces = [
      slab.subarray(0, 3),
      slab.subarray(6),
      slab.subarray(3, 6),
      slab.subarray(6),
      other,
      slab.subarray(0, 3),
    ]
    for (const piece of pieces) bench.connection.write(piece, 1)
    assert.deepEqual(bench.sent, ['one', 'three', 'twothree', 'OTHER', 'one'])
  })

  test('of another turn are a piece of their own', (t) => {
    const bench = new Bench(t).open()
    const slab = Buffer.from('onetwo')
    bench.connection.write(slab.subarray(0, 3), 1)
    assert.deepEqual(bench.sent, ['one'])
    bench.connection.write(slab.subarray(3), 1)
    assert.deepEqual(bench.sent, ['two'])
  })

  test('tell who waits for them that they were taken, whoever wrote behind', async (t) => {
    const bench = new Bench(t).open()
    const taken = new Promise<void>((done) => bench.connection.write(Buffer.from('relayed'), 1, done))
    bench.connection.write(Buffer.from('our own answer'), 1)
    bench.connection.flush()
    await taken
  })
})

describe('our own keep-alive', () => {
  test('is CRLFCRLF, and one CRLF answers it', (t) => {
    const bench = new Bench(t).open()
    assert.equal(bench.awaits, false)
    bench.connection.ping()
    assert.deepEqual([bench.sent, bench.awaits], [[ping], true])
    bench.receive(crlf)
    assert.deepEqual([bench.sent, bench.awaits], [[], false])
    assert.equal(bench.connections.counters.pings, 0)
  })

  test('is not sent again while its answer is awaited', (t) => {
    const bench = new Bench(t).open()
    bench.connection.ping()
    const since = bench.connection.awaitingPongSinceMs
    bench.connection.ping()
    assert.deepEqual([bench.sent, bench.connection.awaitingPongSinceMs], [[ping], since])
    bench.receive(crlf)
    bench.connection.ping()
    assert.deepEqual([bench.sent, bench.awaits], [[ping], true])
  })

  test('answered again and again never makes us answer', (t) => {
    const bench = new Bench(t).open()
    for (let i = 0; i < 5; i++) {
      bench.connection.ping()
      bench.receive(crlf)
    }
    assert.deepEqual(bench.sent, Array(5).fill(ping))
  })

  test('crossing a ping of the peer: its answer is taken and the ping answered', (t) => {
    const bench = new Bench(t).open()
    bench.connection.ping()
    assert.deepEqual(bench.sent, [ping])
    bench.receive(ping + crlf)
    assert.deepEqual([bench.sent, bench.awaits], [[crlf], false])
  })

  test('is not answered by a message, which yet shows that the peer lives', (t) => {
    const bench = new Bench(t).open()
    bench.connection.ping()
    const since = bench.connection.awaitingPongSinceMs
    // The watch has a clock that goes from tick to tick.
    while (bench.connections.watch.nowMs <= since) bench.connections.watch.tick()
    bench.receive(message)
    assert.equal(bench.heard.messages, 1)
    assert.ok(bench.connection.awaitingPongSinceMs > since)
    bench.receive(crlf)
    assert.equal(bench.awaits, false)
  })

  test('is not overdue while we do not read', (t) => {
    const bench = new Bench(t).open()
    bench.connection.ping()
    const since = bench.connection.awaitingPongSinceMs
    bench.connection.pause(pauseReasons.relay)
    bench.connection.pause(pauseReasons.pongs)
    assert.equal(bench.awaits, false)
    bench.connection.resume(pauseReasons.relay)
    assert.equal(bench.awaits, false)
    bench.connection.resume(pauseReasons.pongs)
    assert.ok(bench.connection.awaitingPongSinceMs > since)
  })

  test('waits for nothing: before the connection is open, and when it ends, there is none', (t) => {
    const bench = new Bench(t)
    bench.connection.ping()
    assert.equal(bench.awaits, false)
    bench.open()
    assert.deepEqual(bench.sent, [])
    bench.connection.end('shutdown')
    bench.connection.ping()
    assert.deepEqual([bench.sent, bench.awaits], [[], false])
  })
})

test('the queue of a connection tells what waits for the handshake', (t) => {
  const { connections } = new Bench(t)
  const outgoing = new Connection(connections.newFacts('out', 'tls', 'edge'), connections)
  t.after(() => outgoing.close('shutdown'))
  outgoing.write(Buffer.from('OPTIONS'), 1)
  outgoing.write(Buffer.from('OPTIONS'), 1)
  assert.deepEqual(outgoing.queue, { unsentBytes: 0, postponedMessages: 2, stuckMs: 0 })
})

test('the queue of a connection tells for how long a write has not been taken', (t) => {
  const { connection, connections } = new Bench(t).open()
  assert.equal(connection.queue.stuckMs, 0)
  connection.stuckSinceMs = connections.watch.nowMs - 40
  assert.equal(connection.queue.stuckMs, 40)
})
