import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { channels, publishConnection } from '../../../src/base/channels.js'
import type { CaptureRequest, ConnectionRow } from '../../../src/base/live.js'
import { silentLog } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import type { CaptureSources } from '../../../src/live/capture/capture.js'
import { Captures } from '../../../src/live/capture/captures.js'
import { MessageStore } from '../../../src/live/messages/messages.js'
import type { MessageTest, RawMessage } from '../../../src/live/messages/stored.js'
import { Walks } from '../../../src/live/walks.js'
import { facts, leg, offer } from '../../support/destinations.js'
import { type ReadPacket, readBlocks, readFrame, readPackets, readStreams } from './captured.js'

const phone = { ip: '192.0.2.1', port: 50412 }
const gateway = { ip: '192.0.2.2', port: 5061 }
const noon = Date.UTC(2026, 0, 31, 12) * 1000
const keylogLine = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}`

/** Everything a test leaves unsaid is asked for by nobody. */
const plain: CaptureRequest = { follow: false, keys: false }

class Sources implements CaptureSources {
  readonly version = '1.2.3'
  readonly stored: RawMessage[] = []
  readonly rows = new Map<string, ConnectionRow>()
  readonly timelines = new Map<string, ReturnType<CaptureSources['timeline']>>()
  readonly listeners = new Map<(message: RawMessage) => void, MessageTest>()
  readonly observers = new Observers(silentLog)
  readonly walks = new Walks()

  store(overrides: Partial<RawMessage> = {}): RawMessage {
    const n = this.stored.length + 1
    const message: RawMessage = {
      n,
      micros: noon + (n - 1) * 1000,
      source: phone,
      destination: gateway,
      transport: 'tls',
      connId: '1',
      callId: 'a',
      bytes: Buffer.from(`message ${n - 1}`),
      ...overrides,
    }
    this.stored.push(message)
    for (const [hear, test] of this.listeners) if (test(message.connId, message.callId)) hear(message)
    return message
  }

  know(overrides: Partial<ConnectionRow> = {}): void {
    const row = { ...connection, ...overrides }
    this.rows.set(row.conn_id, row)
  }

  readonly connection = (id: string) => this.rows.get(id)
  readonly timeline = (id: string) => this.timelines.get(id) ?? []
  readonly keylog = () => [keylogLine]
  readonly rawOfConnection = (id: string) => this.stored.filter(({ connId }) => connId === id)
  readonly rawOfCall = (id: string) =>
    this.stored.filter(({ callId }) => callId === id).sort((a, b) => a.micros - b.micros)
  readonly rawSince = (n: number, test: MessageTest) =>
    this.stored
      .filter((message) => message.n > n)
      .map((message) => (test(message.connId, message.callId) ? message : undefined))
  readonly onMessage = (hear: (message: RawMessage) => void, test: MessageTest) => {
    this.listeners.set(hear, test)
    return () => this.listeners.delete(hear)
  }
  readonly settle = () => {}
  readonly matching: CaptureSources['matching'] = ({ fields }) =>
    fields?.peer === 'nonsense'
      ? { problem: 'nonsense is no address' }
      : (id) => this.rows.get(id)?.peer.startsWith(fields?.peer ?? '') === true
}

const connection: ConnectionRow = {
  conn_id: '1',
  state: 'open',
  direction: 'in',
  transport: 'tls',
  side: 'edge',
  local: '192.0.2.2:5061',
  peer: '192.0.2.1:50412',
  opened_at: '2026-01-31T11:59:00.250Z',
  domain: 'default',
  tls_version: 'TLSv1.3',
  tls_cipher: 'TLS_AES_256_GCM_SHA384',
  tls_sni: 'sip.example.com',
  peer_identities: ['phone.example.com'],
  bytes_in: 0,
  bytes_out: 0,
  msgs_in: 0,
  msgs_out: 0,
  users: [],
  traced: true,
}

function begun(request: CaptureRequest, from: CaptureSources): ReturnType<Captures['begin']> {
  return new Captures(from).begin(request)
}

function opened(request: CaptureRequest, from: CaptureSources): AsyncIterable<Buffer> {
  const file = begun(request, from)
  assert.ok(file !== undefined && !('problem' in file))
  return file
}

async function fileOf(request: CaptureRequest, from: CaptureSources): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of opened(request, from)) pieces.push(piece)
  return Buffer.concat(pieces)
}

const packetsOf = async (request: CaptureRequest, from: CaptureSources) => readPackets(await fileOf(request, from))
const payloads = (packets: readonly ReadPacket[]) =>
  packets.map(({ bytes }) => String(readFrame(bytes).payload)).filter((payload) => payload !== '')
const commentsOf = (packets: readonly ReadPacket[]) => packets.flatMap(({ comments }) => comments)

describe('a capture of a connection', () => {
  test('begins when it was opened and tells what is known of it', async () => {
    const from = new Sources()
    from.know()
    from.store()
    from.store({ source: gateway, destination: phone })
    from.store({ connId: '2' })
    const packets = await packetsOf({ ...plain, connId: '1' }, from)
    assert.deepEqual(payloads(packets), ['message 0', 'message 1'])
    assert.deepEqual(
      packets.map(({ micros }) => micros),
      [...Array(3).fill(Date.UTC(2026, 0, 31, 11, 59, 0, 250) * 1000), noon, noon + 1000],
    )
    const [about] = packets[0]!.comments
    for (const fact of ['conn_id: 1', 'SNI: sip.example.com', 'TLS: TLSv1.3 TLS_AES_256_GCM_SHA384', 'domain: default'])
      assert.ok(about!.split('\n').includes(fact), fact)
    assert.ok(!about!.includes('undefined'))
    assert.deepEqual(
      packets.map(({ flags }) => flags),
      [1, 2, 1, 1, 2],
      'in and out as the gateway sees it',
    )
  })

  test('that we opened begins with our SYN, also where the other side spoke first', async () => {
    const from = new Sources()
    from.know({ direction: 'out', side: 'core', local: '192.0.2.2:5061' })
    from.store()
    const packets = await packetsOf({ ...plain, connId: '1' }, from)
    assert.deepEqual(
      packets.map(({ bytes, flags }) => [readFrame(bytes).source, flags]),
      [
        ['192.0.2.2 5061', 2],
        ['192.0.2.1 50412', 1],
        ['192.0.2.2 5061', 2],
        ['192.0.2.1 50412', 1],
      ],
    )
    assert.ok(packets.every(({ interfaceId }) => interfaceId === 1))
  })

  test('ends as the connection did, with the reasons', async () => {
    const from = new Sources()
    const closed = { at: '', cause: 'peer-reset', by: 'peer', message: '', duration_ms: 1 }
    from.know({ state: 'closed', closed })
    from.store()
    from.timelines.set('1', [
      { at: '2026-01-31T12:00:00.000Z', event: 'ACCEPTED', status: 'SUCCESS', message: 'handshake done' },
      { at: '2026-01-31T12:00:01.000Z', event: 'ERROR', status: 'FAILURE', cause: 'peer-reset', message: 'it broke' },
      { at: '2026-01-31T12:00:01.000Z', event: 'CLOSED', status: 'FAILURE', cause: 'peer-reset', message: 'gone' },
    ])
    const last = (await packetsOf({ ...plain, connId: '1' }, from)).at(-1)!
    assert.deepEqual(last.comments, ['ERROR FAILURE peer-reset: it broke', 'CLOSED FAILURE peer-reset: gone'])
    assert.equal(readFrame(last.bytes).flags, 'RA')
    assert.equal(readFrame(last.bytes).source, '192.0.2.1 50412')
    assert.equal(last.micros, noon + 1_000_999)
  })

  test('that ended in order has its FIN from the side that closed it', async () => {
    const from = new Sources()
    from.know({ closed: { at: '', cause: 'idle', by: 'timeout', message: '', duration_ms: 1 } })
    from.store()
    from.timelines.set('1', [{ at: '2026-01-31T12:00:01.000Z', event: 'CLOSED', status: 'SUCCESS', message: 'idle' }])
    const packets = await packetsOf({ ...plain, connId: '1' }, from)
    assert.deepEqual(
      packets.slice(-3).map(({ bytes }) => [readFrame(bytes).source, readFrame(bytes).flags]),
      [
        ['192.0.2.2 5061', 'FA'],
        ['192.0.2.1 50412', 'FA'],
        ['192.0.2.2 5061', 'A'],
      ],
    )
    readStreams(packets.map(({ bytes }) => bytes))
  })

  test('has keys only when they are asked for', async () => {
    const from = new Sources()
    from.know()
    from.store()
    const without = await fileOf({ ...plain, connId: '1' }, from)
    assert.ok(!without.includes('CLIENT_RANDOM'))
    const withKeys = readBlocks(await fileOf({ ...plain, connId: '1', keys: true }, from))
    const secrets = withKeys.findIndex(({ type }) => type === 10)
    assert.equal(
      withKeys[secrets]!.body.toString('latin1', 8),
      `${keylogLine}\n\0\0\0`.slice(0, withKeys[secrets]!.body.length - 8),
    )
    assert.ok(secrets < withKeys.findIndex(({ type }) => type === 6), 'before the packets')
  })

  test('names us, and the peer as its certificate does: what a client asked for is only its word', async () => {
    const from = new Sources()
    from.know({ tls_sni: 'sip.example.com', peer_identities: ['phone.example.com', 'not a name\0'] })
    from.store()
    from.store()
    const file = await fileOf({ ...plain, connId: '1' }, from)
    const names = readBlocks(file).filter(({ type }) => type === 4)
    assert.deepEqual(
      names.map(({ body }) =>
        body
          .toString('latin1')
          .replace(/[^ -~]+/g, ' ')
          .trim(),
      ),
      ['hepgate', 'phone.example.com'],
    )
    assert.ok(!file.includes('not a name'))
  })

  test('that is not known, or of which nothing was traced, is none', () => {
    const from = new Sources()
    from.know()
    assert.equal(begun({ ...plain, connId: '1' }, from), undefined)
    assert.equal(begun({ ...plain, connId: '2' }, from), undefined)
    assert.equal(begun({ ...plain, callId: 'nobody' }, from), undefined)
    assert.equal(begun({ ...plain, connId: '2', follow: true }, from), undefined)
    assert.notEqual(begun({ ...plain, connId: '1', follow: true }, from), undefined)
  })

  test('whose facts are forgotten still has its messages', async () => {
    const from = new Sources()
    from.store()
    from.store({ source: gateway, destination: phone })
    const packets = await packetsOf({ ...plain, connId: '1' }, from)
    assert.deepEqual(payloads(packets), ['message 0', 'message 1'])
    assert.ok(packets.every(({ flags, interfaceId }) => flags === undefined && interfaceId === 2))
  })
})

describe('a capture of a call', () => {
  test('has all its legs by time, those of other agents between their own addresses', async () => {
    const from = new Sources()
    from.know()
    from.know({ conn_id: '2', direction: 'out', side: 'core', local: '10.0.0.1:40000', peer: '10.0.0.2:5060' })
    const core = { source: { ip: '10.0.0.1', port: 40000 }, destination: { ip: '10.0.0.2', port: 5060 } }
    const others = { source: core.destination, destination: { ip: '10.0.0.3', port: 5060 } }
    from.store()
    from.store({ connId: '2', transport: 'tcp', ...core })
    from.store({ connId: undefined, transport: 'udp', ...others, micros: noon + 500 })
    from.store({ callId: 'b' })
    const packets = await packetsOf({ ...plain, callId: 'a' }, from)
    assert.deepEqual(payloads(packets), ['message 0', 'message 2', 'message 1'])
    const withMessage = packets.filter(({ bytes }) => readFrame(bytes).payload.length > 0)
    assert.deepEqual(
      withMessage.map(({ interfaceId, bytes }) => [interfaceId, readFrame(bytes).protocol, readFrame(bytes).source]),
      [
        [0, 'tcp', '192.0.2.1 50412'],
        [2, 'udp', '10.0.0.2 5060'],
        [1, 'tcp', '10.0.0.1 40000'],
      ],
    )
    assert.equal(packets[0]!.micros, noon, 'the handshake stands at the call, not at the opening of the connection')
  })
})

describe('a capture of a filter', () => {
  test('has the connections that match', async () => {
    const from = new Sources()
    from.know()
    from.know({ conn_id: '2', peer: '198.51.100.1:5061' })
    from.store()
    from.store({ connId: '2' })
    from.store({ connId: undefined })
    from.store()
    const chosen = await packetsOf({ ...plain, filter: { fields: { peer: '192.0.2.' } } }, from)
    assert.deepEqual(payloads(chosen), ['message 0', 'message 3'])
    const all = await packetsOf({ ...plain, filter: { search: ' ' } }, from)
    assert.equal(payloads(all).length, 4, 'a filter that asks for nothing is none')
  })

  test('that makes no sense is a problem, and one that finds nothing an empty file', async () => {
    const from = new Sources()
    assert.deepEqual(begun({ ...plain, filter: { fields: { peer: 'nonsense' } } }, from), {
      problem: 'nonsense is no address',
    })
    const empty = readBlocks(await fileOf({ ...plain, filter: { fields: { peer: '1' } } }, from))
    assert.deepEqual(
      empty.map(({ type }) => type),
      [0x0a0d0d0a, 1, 1, 1],
    )
  })

  test('keeps the order of time over all connections, their ends among them', async () => {
    const from = new Sources()
    from.know({ closed: { at: '', cause: 'idle', by: 'local', message: '', duration_ms: 1 } })
    from.timelines.set('1', [{ at: '2026-01-31T12:00:00.100Z', event: 'CLOSED', status: 'SUCCESS', message: 'idle' }])
    from.know({ conn_id: '2', peer: '192.0.2.9:1' })
    from.store()
    from.store({ connId: '2', source: { ip: '192.0.2.9', port: 1 } })
    from.store({ connId: '2', source: { ip: '192.0.2.9', port: 1 }, micros: noon + 200_000 })
    const packets = await packetsOf(plain, from)
    const times = packets.map(({ micros }) => micros)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    assert.equal(commentsOf(packets.slice(0, -1)).filter((comment) => comment.startsWith('CLOSED')).length, 1)
  })

  test('is handed out in pieces', async () => {
    const from = new Sources()
    for (let i = 0; i < 500; i++) from.store({ bytes: Buffer.alloc(1000) })
    const sizes: number[] = []
    for await (const piece of opened(plain, from)) sizes.push(piece.length)
    assert.ok(sizes.length > 5)
    assert.ok(Math.max(...sizes) < 70_000)
  })
})

describe('a capture that follows', () => {
  afterEach(() => assert.equal(channels.connection.hasSubscribers, false, 'nothing is left behind'))

  /** Reads on until `count` packets with a message have come. */
  async function read(pieces: AsyncIterator<Buffer>, count: number): Promise<ReadPacket[]> {
    const packets: ReadPacket[] = []
    while (payloads(packets).length < count) {
      const { value, done } = await pieces.next()
      assert.ok(done !== true, 'the file ended')
      packets.push(...readPackets(value))
    }
    return packets
  }

  test('goes on with what comes, once each, until its signal', async () => {
    const from = new Sources()
    from.know()
    from.store()
    const stop = new AbortController()
    const pieces = opened({ ...plain, follow: true, signal: stop.signal }, from)[Symbol.asyncIterator]()
    const first = await read(pieces, 1)
    from.store()
    from.store({ connId: undefined, transport: 'udp' })
    const second = await read(pieces, 2)
    assert.deepEqual(payloads([...first, ...second]), ['message 0', 'message 1', 'message 2'])
    const last = pieces.next()
    stop.abort()
    assert.equal((await last).done, true)
    assert.equal(from.listeners.size, 0)
  })

  test('of a connection ends with it', async () => {
    const from = new Sources()
    from.know()
    const pieces = opened({ ...plain, connId: '1', follow: true }, from)[Symbol.asyncIterator]()
    assert.equal(readBlocks((await pieces.next()).value as Buffer).length, 4, 'a reader sees at once that it works')
    from.store()
    from.store({ connId: '2' })
    const packets = await read(pieces, 1)
    const happening = { name: 'CLOSED', status: 'FAILURE', cause: 'peer-reset', message: 'it is gone' } as const
    const closed = { cause: 'peer-reset', by: 'peer', message: '', durationMs: 1 } as const
    publishConnection({ ...happening, facts: facts({ id: '2', closed }) })
    publishConnection({ ...happening, facts: facts({ id: '1', closed }) })
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      packets.push(...readPackets(next.value))
    }
    assert.deepEqual(commentsOf(packets).at(-1), 'CLOSED FAILURE peer-reset: it is gone')
    assert.deepEqual(payloads(packets), ['message 0'])
  })

  test('shows the last messages of a connection before its end, though the store tells of them later', async () => {
    const store = new MessageStore(1 << 20)
    const about = new Sources()
    about.know()
    const from: CaptureSources = {
      ...about,
      rawOfConnection: (id) => store.rawOfConnection(id),
      rawOfCall: (id) => store.rawOfCall(id),
      rawSince: (n, test) => store.rawSince(n, test),
      onMessage: (hear, test) => store.onMessage(hear, test),
      settle: () => store.settle(),
    }
    const on = leg({ connId: '1' })
    offer(store, on, 0, 3)
    const packets: ReadPacket[] = []
    const pieces = opened({ ...plain, follow: true }, from)[Symbol.asyncIterator]()
    packets.push(...(await read(pieces, 3)))
    offer(store, on, 3, 5)
    const closed = { cause: 'peer-closed', by: 'peer', message: '', durationMs: 1 } as const
    const event = { name: 'CLOSED', status: 'SUCCESS', cause: 'peer-closed', message: 'it hung up' } as const
    publishConnection({ ...event, facts: facts({ id: '1', closed }) })
    packets.push(...(await read(pieces, 2)))
    await pieces.return!()
    store.stop()
    assert.deepEqual(
      payloads(packets).map((payload) => /CSeq: (\d)/.exec(payload)?.[1]),
      ['0', '1', '2', '3', '4'],
    )
    assert.equal(readFrame(packets.at(-1)!.bytes).flags, 'A', 'the end is the end')
    readStreams(packets.map(({ bytes }) => bytes))
  })

  test('of a connection that is closed already ends at once', async () => {
    const from = new Sources()
    from.know({ closed: { at: '', cause: 'idle', by: 'local', message: '', duration_ms: 1 } })
    from.store()
    assert.deepEqual(payloads(await packetsOf({ ...plain, connId: '1', follow: true }, from)), ['message 0'])
  })

  test('lets go when its reader leaves while nothing comes', async () => {
    const from = new Sources()
    const pieces = opened({ ...plain, follow: true }, from)[Symbol.asyncIterator]()
    await pieces.next()
    const waiting = pieces.next()
    await pieces.return!()
    await waiting
    assert.equal(from.listeners.size, 0)
  })

  test('ends and says so when its reader is more than 4 MiB behind', async () => {
    const from = new Sources()
    from.know()
    const pieces = opened({ ...plain, follow: true }, from)[Symbol.asyncIterator]()
    await pieces.next()
    for (let i = 0; i < 100; i++) from.store({ bytes: Buffer.alloc(60_000, 'x') })
    assert.equal(from.listeners.size, 0, 'it takes no more')
    const packets: ReadPacket[] = []
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      packets.push(...readPackets(next.value))
    }
    const remark = packets.pop()!
    assert.match(remark.comments[0]!, /^hepgate ended this capture here: its reader was more than 4 MiB behind/)
    const bytes = payloads(packets).reduce((sum, payload) => sum + payload.length, 0)
    assert.equal(Math.ceil(bytes / 60_000), 70, 'what waited until then is there')
  })

  test('ends at once with its signal: what waited is for nobody any more', async () => {
    const from = new Sources()
    const stop = new AbortController()
    const pieces = opened({ ...plain, follow: true, signal: stop.signal }, from)[Symbol.asyncIterator]()
    await pieces.next()
    for (let i = 0; i < 10; i++) from.store({ bytes: Buffer.alloc(60_000) })
    assert.equal((await pieces.next()).done, false)
    stop.abort()
    assert.equal((await pieces.next()).done, true)
  })

  test('of what does not match copies nothing and asks the store nothing that would have it read', async () => {
    const store = new MessageStore(1 << 20)
    const about = new Sources()
    const from: CaptureSources = {
      ...about,
      rawSince: (n, test) => store.rawSince(n, test),
      onMessage: (hear, test) => store.onMessage(hear, test),
      settle: () => store.settle(),
      matching: () => (id) => [...store.usersOf(id)].includes('nobody@example.com'),
    }
    const pieces = opened({ ...plain, filter: { fields: { user: 'nobody' } }, follow: true }, from)[
      Symbol.asyncIterator
    ]()
    await pieces.next()
    const copied = test.mock.method(Buffer, 'from')
    offer(store, leg({ connId: '1' }), 0, 100)
    const offered = copied.mock.callCount()
    store.settle()
    assert.equal(copied.mock.callCount(), offered)
    copied.mock.restore()
    await pieces.return!()
    store.stop()
  })
})

describe('captures', () => {
  const following = { ...plain, follow: true }

  test('are so many at a time, and one that ends makes room', async () => {
    const from = new Sources()
    const captures = new Captures(from)
    const signals = Array.from({ length: 16 }, () => new AbortController())
    const files = signals.map(({ signal }) => captures.begin({ ...following, signal }))
    const refused = captures.begin(plain)
    assert.ok(refused !== undefined && 'problem' in refused && refused.full === true)
    signals[0]!.abort() // though nobody began to read it
    assert.equal(captures.size, 15)

    const last = captures.begin(plain)
    assert.ok(last !== undefined && !('problem' in last))
    for await (const _ of last);
    assert.equal(captures.size, 15)

    const returned = (files[1] as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
    await returned.next()
    await returned.return!()
    assert.equal(captures.size, 14)
    captures.stop()
    assert.deepEqual([captures.size, from.listeners.size], [0, 0])
    assert.ok('problem' in captures.begin(plain)!)
  })

  test('that failed, or are none, take no place', async () => {
    const from = new Sources()
    const captures = new Captures(from)
    assert.equal(captures.begin({ ...plain, callId: 'nobody' }), undefined)
    assert.ok('problem' in captures.begin({ ...plain, filter: { fields: { peer: 'nonsense' } } })!)
    assert.equal(captures.size, 0)
    from.store()
    const broken = new Captures({
      ...from,
      connection: () => {
        throw new Error('broken')
      },
    })
    const file = broken.begin(plain) as AsyncIterable<Buffer>
    await assert.rejects(file[Symbol.asyncIterator]().next(), /broken/)
    assert.equal(broken.size, 0)
  })

  test('whose gateway stops end, so that their readers have whole files', async () => {
    const captures = new Captures(new Sources())
    const pieces = (captures.begin(following) as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
    await pieces.next()
    const last = pieces.next()
    captures.stop()
    assert.equal((await last).done, true)
  })

  test('let others have their turn while they look at what is stored', async (t) => {
    let now = 0
    t.mock.method(performance, 'now', () => now++)
    const from = new Sources()
    const looked: number[] = []
    let inTurn = 0
    for (let i = 0; i < 1000; i++) from.store()
    const sources: CaptureSources = {
      ...from,
      *rawSince(n, test) {
        for (const message of from.rawSince(n, test)) {
          inTurn++
          yield message
        }
      },
    }
    const count = setImmediate(function turn() {
      looked.push(inTurn)
      inTurn = 0
      if (!done) setImmediate(turn)
    })
    let done = false
    await packetsOf(plain, sources)
    done = true
    clearImmediate(count)
    assert.ok(Math.max(...looked) <= 64, `${Math.max(...looked)} messages in one turn`)
  })
})
