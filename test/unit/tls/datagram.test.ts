import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { describe, type TestContext, test } from 'node:test'
import { type Endpoint, endpoint } from '../../../src/base/address.js'
import { channels } from '../../../src/base/channels.js'
import { UsageError } from '../../../src/base/errors.js'
import type { ConnectionEvent, ConnectionFacts, Direction, Side } from '../../../src/base/facts.js'
import type { SocketConfig } from '../../../src/config/types.js'
import type { Carrier } from '../../../src/relay/leg.js'
import type { Association, AssociationHome } from '../../../src/tls/association.js'
import { Connections } from '../../../src/tls/connections.js'
import { DatagramListener, type DatagramOptions, maxAssociations } from '../../../src/tls/datagram.js'
import type { ConnectionHandler } from '../../../src/tls/handler.js'
import { MessageCounters } from '../../../src/tls/message-counters.js'
import { sipAnswer, sipRequest } from '../../support/sip.js'
import { until } from '../../support/wait.js'
import { parse } from '../config/parsing.js'

const hasIpv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'))
const skip = hasIpv6 ? false : 'this machine has no ::1'

/** Where the listener lives: makes facts, remembers who is open. */
class Home implements AssociationHome {
  readonly messages = new MessageCounters()
  readonly open = new Set<Association>()
  readonly #connections = new Connections(parse(''), () => String(++ids))

  constructor() {
    this.#connections.stop()
  }

  newFacts(direction: Direction, transport: 'udp', side: Side, local: Endpoint, peer: Endpoint): ConnectionFacts {
    return this.#connections.newFacts(direction, transport, side, local, peer)
  }

  opened(association: Association): void {
    this.open.add(association)
  }

  closed(association: Association): void {
    this.open.delete(association)
  }
}
let ids = 0

/** A handler that keeps what it was given, where it lies. */
class Received implements ConnectionHandler {
  readonly association: Association
  readonly messages: { buf: Buffer; start: number; end: number; text: string; callId: string; body: string }[] = []
  reads = 0
  closed = 0

  constructor(association: Association) {
    this.association = association
  }

  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void {
    const { callIdStart, callIdEnd } = this.association
    this.messages.push({
      buf,
      start,
      end,
      text: buf.toString('latin1', start, end),
      callId: buf.toString('latin1', callIdStart, callIdEnd),
      body: buf.toString('latin1', bodyStart, end),
    })
  }

  onReadEnd(): void {
    this.reads++
  }

  onClosed(): void {
    this.closed++
  }

  onConnected(): void {}
  onCrlf(): void {}
  onPeerEnd(): void {}
  onBlocked(): void {}
  onDrain(): void {}
}

/** A listener, and all that it says. */
class Bench {
  readonly home = new Home()
  readonly handlers: Received[] = []
  readonly truncated: string[] = []
  readonly large: [bytes: number, port: number][] = []
  readonly errors: [message: string, sinceStart: number][] = []
  /** answers every message as a server would */
  answers = false
  nowMs = 1_000_000
  listener!: DatagramListener

  static async open(t: TestContext, socket = 'udp:127.0.0.1:0', change: Partial<DatagramOptions> = {}): Promise<Bench> {
    const bench = new Bench()
    bench.listener = await DatagramListener.open(socketConfig(socket), {
      home: bench.home,
      onAssociation: (association) => bench.#adopt(association),
      onTruncated: (_association, buf, start, _bodyStart, end) =>
        bench.truncated.push(buf.toString('latin1', start, end)),
      maxMessageBytes: 65_535,
      idleMs: 0,
      onLarge: (bytes, peer) => bench.large.push([bytes, peer.port]),
      onError: (error, sinceStart) => bench.errors.push([error.message, sinceStart]),
      now: () => bench.nowMs,
      ...change,
    })
    t.after(() => bench.close())
    return bench
  }

  get port(): number {
    return this.listener.address.port
  }

  get messages(): Received['messages'] {
    return this.handlers.flatMap(({ messages }) => messages)
  }

  from(port: number): Received | undefined {
    return this.handlers.find(({ association }) => association.facts.peer.port === port)
  }

  close(): void {
    this.listener.stop()
    for (const association of this.home.open) association.close('shutdown')
  }

  #adopt(association: Association): void {
    const handler = new Received(association)
    if (this.answers) {
      handler.onReadEnd = () => {
        association.write(sipAnswer(Buffer.from(handler.messages.at(-1)!.text)), 1)
      }
    }
    association.handler = handler
    this.handlers.push(handler)
  }
}

function socketConfig(socket: string): SocketConfig {
  const [, ip, port] = /^udp:\[?(.*?)\]?:(\d+)$/.exec(socket)!
  return {
    text: socket,
    transport: 'udp',
    ip: ip!,
    port: Number(port),
    advertise: undefined,
    side: 'core',
    relay: 'edge',
    proxy_protocol: [],
  }
}

/** A server of the core: a bound socket, and what came to it. */
class Server {
  readonly socket: Socket
  readonly received: string[] = []
  address!: Endpoint

  private constructor(type: 'udp4' | 'udp6') {
    this.socket = createSocket({ type, recvBufferSize: 4 << 20 })
    this.socket.on('message', (bytes) => this.received.push(bytes.toString('latin1')))
  }

  static async start(t: TestContext, ip = '127.0.0.1'): Promise<Server> {
    const server = new Server(ip.includes(':') ? 'udp6' : 'udp4')
    server.socket.bind(0, ip)
    await once(server.socket, 'listening')
    t.after(() => server.socket.close())
    const { address, port } = server.socket.address()
    server.address = endpoint(address, port)
    return server
  }

  send(bytes: Buffer | string, port: number, ip = this.address.ip): Promise<void> {
    return new Promise((done, fail) => {
      this.socket.send(bytes, port, ip, (error) => (error === null ? done() : fail(error)))
    })
  }
}

function eventsOf(t: TestContext): ConnectionEvent[] {
  const events: ConnectionEvent[] = []
  const listen = (event: ConnectionEvent): void => void events.push(event)
  channels.connection.subscribe(listen as (message: unknown) => void)
  t.after(() => void channels.connection.unsubscribe(listen as (message: unknown) => void))
  return events
}

function namesOf(events: readonly ConnectionEvent[]): string[] {
  return events.map(({ name, status, cause }) => [name, status, cause ?? []].flat().join(' '))
}

const request = (callId: string): string => sipRequest({ callId, transport: 'UDP' }).toString('latin1')

describe('messages', () => {
  for (const ip of ['127.0.0.1', '::1']) {
    test(`of two sources come to an association each, and answers go back: ${ip}`, {
      skip: ip === '::1' ? skip : false,
    }, async (t) => {
      const bench = await Bench.open(t, ip === '::1' ? 'udp:[::1]:0' : 'udp:127.0.0.1:0')
      bench.answers = true
      const servers = [await Server.start(t, ip), await Server.start(t, ip)]
      const sent = servers.map((_, i) => [1, 2, 3].map((n) => request(`${i}-${n}`)))
      for (const n of [0, 1, 2])
        for (const [i, server] of servers.entries()) await server.send(sent[i]![n]!, bench.port)
      await until('all answers', () => servers.every(({ received }) => received.length === 3))
      assert.equal(bench.handlers.length, 2)
      for (const [i, { address, received }] of servers.entries()) {
        const { messages, association } = bench.from(address.port)!
        assert.deepEqual(
          messages.map(({ text }) => text),
          sent[i],
        )
        assert.deepEqual(
          messages.map(({ callId }) => callId),
          [`${i}-1`, `${i}-2`, `${i}-3`],
        )
        assert.ok(
          received.every((answer, n) => answer.startsWith('SIP/2.0 200') && answer.includes(`${i}-${n + 1}\r\n`)),
        )
        const { facts } = association
        assert.deepEqual([facts.peer, facts.local], [address, { ip, port: bench.port }])
        assert.deepEqual([facts.transport, facts.direction, facts.side, facts.trusted], ['udp', 'in', 'core', true])
        assert.deepEqual([facts.messagesIn, facts.messagesOut], [3, 3])
        assert.equal(facts.bytesIn, sent[i]!.join('').length)
        assert.equal(facts.bytesOut, received.join('').length)
      }
      assert.equal(bench.home.messages.sent, 6)
      assert.deepEqual(bench.home.messages.lost, {})
    })
  }

  test('many in flight all come, in order, and their bytes stay as they are', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    const sent = Array.from({ length: 200 }, (_, i) => request(`call-${i}`))
    await Promise.all(sent.map((text) => server.send(text, bench.port)))
    await until('all messages', () => bench.messages.length === sent.length)
    assert.deepEqual(
      bench.messages.map(({ buf, start, end }) => buf.toString('latin1', start, end)),
      sent,
    )
  })

  test('without Content-Length end with the datagram, and what lies behind Content-Length is cut off', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    await server.send('OPTIONS sip:a SIP/2.0\r\ni: 1\r\n\r\nbody', bench.port)
    await server.send('\r\nOPTIONS sip:a SIP/2.0\r\ni: 2\r\nl: 3\r\n\r\nbody', bench.port)
    await until('both', () => bench.messages.length === 2)
    assert.deepEqual(
      bench.messages.map(({ callId, body }) => [callId, body]),
      [
        ['1', 'body'],
        ['2', 'bod'],
      ],
    )
  })

  test('a request of which bytes are missing goes to whoever answers it, and to nobody else', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    const head = 'OPTIONS sip:a SIP/2.0\r\ni: 1\r\nl: 9\r\n\r\n'
    await server.send(`${head}body`, bench.port)
    await until('it', () => bench.truncated.length > 0)
    assert.deepEqual([bench.truncated, bench.messages], [[`${head}body`], []])
    assert.equal(bench.handlers[0]?.association.facts.messagesIn, 1)
  })

  test('keep-alives and what is not SIP are counted and begin no association', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    for (const keepalive of ['\r\n', '\r\n\r\n', '\0\0\0\0', '']) await server.send(keepalive, bench.port)
    for (const garbage of ['jaK', 'GET / HTTP/1.1\r\n\r\n', 'SIP/2.0 200 OK\r\nl: 9\r\n\r\nx']) {
      await server.send(garbage, bench.port)
    }
    await server.send(request('after'), bench.port)
    await until('the message', () => bench.messages.length === 1)
    assert.deepEqual(bench.listener.counters, { keepalives: 4, notSip: 3, errors: 0 })
    assert.equal(bench.listener.status().connections, 1)
  })
})

describe('an association of ours', () => {
  test('is the one of the peer, whoever spoke first', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    const association = bench.listener.associationTo(server.address)
    assert.equal(association.facts.direction, 'out')
    assert.equal(association.write(Buffer.from(request('ours')), 1), true)
    await until('our message', () => server.received.length === 1)
    await server.send(request('theirs'), bench.port)
    await until('their message', () => bench.messages.length === 1)
    assert.equal(bench.handlers.length, 1)
    assert.equal(bench.listener.associationTo(server.address), association)
  })

  test('carries legs of edge mode; who waits for a write goes on at once', async (t) => {
    const bench = await Bench.open(t)
    const carrier: Carrier = bench.listener.associationTo({ ip: '127.0.0.1', port: 9 })
    let taken = 0
    carrier.write(Buffer.from(request('a')), 1, () => taken++)
    assert.deepEqual([taken, carrier.state, carrier.unsentBytes], [1, 'open', 0])
  })

  test('takes nothing after its end, and the next is another', async (t) => {
    const bench = await Bench.open(t)
    const peer = { ip: '127.0.0.1', port: 9 }
    const association = bench.listener.associationTo(peer)
    association.end('killed')
    association.close('shutdown')
    assert.deepEqual([association.state, association.facts.closed?.cause], ['closed', 'killed'])
    assert.equal(association.write(Buffer.from(request('late')), 1), false)
    assert.equal(bench.home.messages.sent, 0)
    assert.equal(bench.handlers[0]?.closed, 1)
    assert.notEqual(bench.listener.associationTo(peer), association)
  })

  test('is another for whoever asks for it as it closes', async (t) => {
    const bench = await Bench.open(t)
    const peer = { ip: '127.0.0.1', port: 9 }
    const association = bench.listener.associationTo(peer)
    let next: Association | undefined
    bench.handlers[0]!.onClosed = () => {
      next = bench.listener.associationTo(peer)
    }
    association.close('killed')
    assert.equal(next?.state, 'open')
    assert.equal(bench.listener.associationTo(peer), next)
  })

  test('to IPv6 is the same however the address is written', { skip }, async (t) => {
    const bench = await Bench.open(t, 'udp:[::1]:0')
    const association = bench.listener.associationTo({ ip: '::1', port: 5060 })
    assert.equal(bench.listener.associationTo({ ip: '0:0:0:0:0:0:0:1', port: 5060 }), association)
    assert.notEqual(bench.listener.associationTo({ ip: '::1', port: 5062 }), association)
  })
})

describe('events', () => {
  test('a life that the peer began: ACCEPTED, CLOSED', async (t) => {
    const events = eventsOf(t)
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    await server.send(request('a'), bench.port)
    await until('the message', () => bench.messages.length === 1)
    bench.nowMs += 1234
    bench.handlers[0]?.association.end('killed')
    assert.deepEqual(namesOf(events), ['ACCEPTED SUCCESS', 'CLOSED SUCCESS killed'])
    const { cause, by, durationMs } = events[1]!.facts.closed!
    assert.deepEqual([cause, by, durationMs], ['killed', 'local', 1234])
  })

  test('a life that we began, and that failed: CONNECT_START, CONNECTED, ERROR, CLOSED', async (t) => {
    const events = eventsOf(t)
    const bench = await Bench.open(t)
    const association = bench.listener.associationTo({ ip: '127.0.0.1', port: 9 })
    association.fail({ cause: 'keepalive-timeout', message: 'no answer to OPTIONS' })
    association.fail({ cause: 'keepalive-timeout', message: 'again' })
    assert.deepEqual(namesOf(events), [
      'CONNECT_START SUCCESS',
      'CONNECTED SUCCESS',
      'ERROR FAILURE keepalive-timeout',
      'CLOSED FAILURE keepalive-timeout',
    ])
    assert.equal(events[3]?.message, 'no answer to OPTIONS')
    assert.equal(bench.home.open.size, 0)
  })
})

describe('the end', () => {
  test('comes by itself after silence, which a keep-alive breaks', async (t) => {
    const bench = await Bench.open(t, 'udp:127.0.0.1:0', { idleMs: 5000 })
    const [silent, lively] = [await Server.start(t), await Server.start(t)]
    await silent.send(request('a'), bench.port)
    await lively.send(request('b'), bench.port)
    await until('both', () => bench.handlers.length === 2)
    bench.nowMs += 4000
    await lively.send('\r\n\r\n', bench.port)
    await until('the keep-alive', () => bench.listener.counters.keepalives === 1)
    bench.nowMs += 1000
    await until('an end', () => bench.home.open.size < 2)
    assert.equal(bench.from(silent.address.port)?.association.facts.closed?.cause, 'idle')
    assert.equal(bench.from(lively.address.port)?.association.state, 'open')
  })

  test('a stopped socket hears nobody new, serves those it has, and closes with the last', async (t) => {
    const bench = await Bench.open(t)
    bench.answers = true
    const { port } = bench
    const [known, unknown] = [await Server.start(t), await Server.start(t)]
    await known.send(request('before'), port)
    await until('an answer', () => known.received.length === 1)
    bench.listener.stop()
    await unknown.send(request('unheard'), port)
    await known.send(request('after'), port)
    await until('another answer', () => known.received.length === 2)
    assert.equal(bench.handlers.length, 1)
    bench.handlers[0]?.association.end('shutdown')
    await (await Bench.open(t, `udp:127.0.0.1:${port}`)).close()
    assert.equal(bench.listener.associationTo(known.address).state, 'closed')
  })

  test('a port that is taken is said with the socket', async (t) => {
    const { port } = await Bench.open(t)
    await assert.rejects(Bench.open(t, `udp:127.0.0.1:${port}`), (error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, new RegExp(`^udp:127\\.0\\.0\\.1:${port}: port ${port} is taken by another program`))
      return true
    })
  })
})

describe('a flood of sources', () => {
  /** As many as there may be, begun by us one millisecond after the other. */
  function fill(bench: Bench): Association[] {
    return Array.from({ length: maxAssociations }, (_, i) => {
      bench.nowMs++
      return bench.listener.associationTo({ ip: '127.0.0.1', port: 20_000 + i })
    })
  }

  async function floodWith(t: TestContext, bench: Bench, sources: number): Promise<void> {
    for (let i = 0; i < sources; i++) {
      bench.nowMs++
      const before = bench.messages.length
      await (await Server.start(t)).send(request(`flood-${i}`), bench.port)
      await until('its message', () => bench.messages.length > before)
    }
  }

  test('ends who was silent longest, not whose answers we wait for', async (t) => {
    const bench = await Bench.open(t)
    const all = fill(bench)
    const waitedFor = all.slice(0, 5)
    for (const association of waitedFor) association.write(Buffer.from(request('a')), 1)
    await floodWith(t, bench, 10)
    assert.deepEqual(
      all.filter(({ state }) => state === 'closed'),
      all.slice(5, 15),
    )
    assert.equal(bench.home.open.size, maxAssociations)
    const { cause, message } = all[5]!.facts.closed!
    assert.deepEqual([cause, message], ['limit-reached', 'more than 1024 peers on udp:127.0.0.1:0'])
  })

  test('when answers are awaited from all, ends who was written to longest ago', async (t) => {
    const bench = await Bench.open(t)
    const all = fill(bench)
    for (const association of [...all].reverse()) {
      bench.nowMs++
      association.write(Buffer.from(request('a')), 1)
    }
    await floodWith(t, bench, 3)
    // Nothing was written to the newcomers: the first of them makes room for the second.
    assert.deepEqual(
      all.filter(({ state }) => state === 'closed'),
      [all[maxAssociations - 1]],
    )
    assert.equal(bench.home.open.size, maxAssociations)
  })

  test('an answer that did not come in 64 seconds is not waited for', async (t) => {
    const bench = await Bench.open(t)
    const all = fill(bench)
    all[0]!.write(Buffer.from(request('a')), 1)
    bench.nowMs += 64_001
    for (const association of all.slice(1)) association.touch()
    await floodWith(t, bench, 1)
    assert.equal(all[0]!.state, 'closed')
  })
})

describe('what cannot be sent', () => {
  test('is counted as lost, told once a minute, and ends nothing', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    const association = bench.listener.associationTo(server.address)
    const tooLarge = Buffer.alloc(65_536, 'x')
    for (let i = 0; i < 3; i++) association.write(tooLarge, 1)
    await until('three losses', () => bench.home.messages.lost['message-too-large'] === 3)
    assert.equal(bench.errors.length, 1)
    assert.match(bench.errors[0]![0], /EMSGSIZE/)
    bench.nowMs += 60_000
    association.write(tooLarge, 1)
    await until('a fourth', () => bench.errors.length === 2)
    assert.equal(bench.errors[1]![1], 4)
    association.write(Buffer.from(request('small')), 1)
    await until('a message', () => server.received.length === 1)
    assert.equal(bench.listener.counters.errors, 4)
  })

  test('to an address that the socket cannot reach is lost too', async (t) => {
    const bench = await Bench.open(t)
    assert.deepEqual([bench.listener.reaches('127.0.0.1'), bench.listener.reaches('::1')], [true, false])
    bench.listener.associationTo({ ip: '::1', port: 5060 }).write(Buffer.from(request('a')), 1)
    await until('a loss', () => bench.home.messages.lost.unreachable === 1)
  })

  test('because too much waits already is lost, not held in memory', async (t) => {
    const bench = await Bench.open(t)
    const association = bench.listener.associationTo({ ip: '127.0.0.1', port: 9 })
    for (let i = 0; i < 4100; i++) association.write(Buffer.from('x'), 1)
    assert.deepEqual(bench.home.messages.lost, { 'send-timeout': 4 })
    await until('room again', () => {
      const lost = bench.home.messages.lost['send-timeout']
      association.write(Buffer.from('x'), 1)
      return bench.home.messages.lost['send-timeout'] === lost
    })
  })

  test('for sure in one packet is told, and sent', async (t) => {
    const bench = await Bench.open(t)
    const server = await Server.start(t)
    const association = bench.listener.associationTo(server.address)
    for (const bytes of [1300, 1301]) association.write(Buffer.alloc(bytes, 'x'), 1)
    await until('both', () => server.received.length === 2)
    assert.deepEqual(bench.large, [[1301, server.address.port]])
  })
})

describe('a socket on all addresses', () => {
  for (const [socket, ip] of [
    ['udp:0.0.0.0:0', '127.0.0.1'],
    ['udp:[::]:0', '127.0.0.1'],
    ['udp:[::]:0', '::1'],
  ] as const) {
    test(`${socket} knows its own address towards ${ip}, and each peer by its real one`, {
      skip: socket === 'udp:0.0.0.0:0' ? false : skip,
    }, async (t) => {
      const bench = await Bench.open(t, socket)
      bench.answers = true
      const server = await Server.start(t, ip)
      await server.send(request('a'), bench.port)
      await until('an answer', () => server.received.length === 1)
      const { facts } = bench.handlers[0]!.association
      assert.deepEqual([facts.local, facts.peer], [{ ip, port: bench.port }, server.address])
      assert.equal(bench.listener.associationTo(server.address), bench.handlers[0]!.association)
      assert.equal(bench.listener.reaches(ip), true)
    })
  }
})
