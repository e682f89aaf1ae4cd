import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageStore } from '../../../src/live/messages/messages.js'
import type { RawMessage } from '../../../src/live/messages/stored.js'
import { CallFlow, callsPage, flowLeg, offerTo, rawAll, sipText } from '../../support/call-flow.js'
import { facts, keylogLine, noonMicros, tracedEvent } from '../../support/destinations.js'

type Scope = { after(end: () => unknown): void }

const phone = flowLeg({ connId: '100', peer: 1 })
const trunk = flowLeg({ connId: '200', peer: 2 })
const invite = { start: 'INVITE', cseq: '1 INVITE' }
const ringing = { start: '180 Ringing', cseq: '1 INVITE', toTag: 't1' }

function storeOf(t: Scope, bytes = 1 << 20): MessageStore {
  const store = new MessageStore(bytes)
  t.after(() => store.stop())
  return store
}

const every = () => true

function bytesOf(messages: Iterable<RawMessage>): string[] {
  return Array.from(messages, ({ bytes }) => bytes.toString())
}

describe('the store as a trace destination', () => {
  test('is one when it may keep bytes', (t) => {
    assert.equal(storeOf(t).configured, true)
    assert.equal(storeOf(t, 0).configured, false)
  })

  test('keeps nothing without bytes', (t) => {
    const store = storeOf(t, 0)
    new CallFlow(store, phone).in(invite)
    assert.deepEqual([store.length, store.messagesOf('100')], [0, []])
  })

  test('copies what it is given', (t) => {
    const store = storeOf(t)
    const bytes = sipText(invite)
    offerTo(store, phone.in, bytes, noonMicros)
    const before = bytes.toString()
    bytes.fill(0)
    assert.deepEqual(bytesOf(store.rawOfConnection('100')), [before])
  })

  test('keeps a message without Call-ID or with an endless one for its connection, and for no call', (t) => {
    const store = storeOf(t)
    offerTo(store, phone.in, Buffer.from('OPTIONS sip:a SIP/2.0\r\n\r\n'), noonMicros)
    offerTo(store, phone.in, sipText({ ...invite, callId: 'x'.repeat(256) }), noonMicros)
    assert.deepEqual(
      store.messagesOf('100').map(({ call_id }) => call_id),
      [undefined, undefined],
    )
    assert.equal(store.calls.size, 0)
  })

  test('does not keep a message larger than all it may keep, and keeps the others', (t) => {
    const store = storeOf(t, 1000)
    const flow = new CallFlow(store, phone).in(invite)
    flow.in({ ...invite, branch: 'large', body: 'x'.repeat(1000) })
    assert.deepEqual(bytesOf(rawAll(store)), [sipText(invite).toString()])
  })

  test('holds no key material of the events it is given', async (t) => {
    const store = storeOf(t)
    const about = facts({ id: '100', keylog: [keylogLine] })
    store.event(tracedEvent({ facts: about, correlation: 'call-1', record: 'tls-session', message: 'runs over TLS' }))
    const detail = (await store.calls.detail('call-1', () => undefined))!
    assert.equal(detail.flow.length, 1)
    assert.doesNotMatch(JSON.stringify(detail), /abababab|CLIENT_RANDOM/)
  })

  test('knows the connections the tap told it of, by message or event', (t) => {
    const store = storeOf(t)
    new CallFlow(store, phone).in(invite)
    store.event(tracedEvent({ facts: facts({ id: '300' }) }))
    assert.deepEqual(
      ['100', '300', '200'].map((id) => store.isOwn(id)),
      [true, true, false],
    )
  })
})

describe('messages of a connection', () => {
  test('are seen as they were, newest last', (t) => {
    const store = storeOf(t)
    new CallFlow(store, phone).in(invite).out(ringing)
    const [request, response] = store.messagesOf('100')
    assert.deepEqual(request, {
      n: 1,
      at: '2026-01-31T12:00:00.000000Z',
      micros: noonMicros,
      kind: 'sip',
      transport: 'tls',
      source: '192.0.2.1:50001',
      destination: '198.51.100.1:5061',
      conn_id: '100',
      direction: 'in',
      side: 'edge',
      call_id: 'call-1',
      bytes: sipText(invite).length,
      summary: 'INVITE sip:bob@example.com SIP/2.0',
      method: 'INVITE',
      status: undefined,
      cseq: '1 INVITE',
      retransmission: false,
      agent: undefined,
      text: undefined,
      text_cut: undefined,
    })
    assert.deepEqual(
      [response?.summary, response?.status, response?.method, response?.cseq, response?.direction],
      ['SIP/2.0 180 Ringing', 180, undefined, '1 INVITE', 'out'],
    )
  })

  test('show microseconds', (t) => {
    const store = storeOf(t)
    offerTo(store, phone.in, sipText(invite), noonMicros + 7)
    assert.equal(store.messagesOf('100')[0]?.at, '2026-01-31T12:00:00.000007Z')
  })

  test('are at most so many of the newest', (t) => {
    const store = storeOf(t)
    const flow = new CallFlow(store, phone)
    for (let i = 0; i < 5; i++) flow.in({ ...invite, branch: `b${i}` })
    assert.deepEqual(
      store.messagesOf('100', 2).map(({ n }) => n),
      [4, 5],
    )
  })

  test('name its calls and its users: who asked, and who was asked', (t) => {
    const store = storeOf(t)
    store.event(tracedEvent({ facts: facts({ id: '100' }), correlation: 'call-1', record: 'tls-session' }))
    const flow = new CallFlow(store, phone).in(invite).out(invite, trunk)
    flow.in({ ...ringing, callId: 'call-2', from: '<sip:carol@example.com>', to: '<sip:dave@example.com>' }, phone)
    assert.deepEqual(store.callIdsOf('100'), ['call-1', 'call-2'])
    assert.deepEqual([...store.usersOf('100')], ['alice@example.com', 'dave@example.com'])
    assert.deepEqual([...store.usersOf('200')], ['bob@example.com'])
    assert.deepEqual([...store.usersOf('none')], [])
    assert.deepEqual(store.connectionsOfCall('call-1'), ['100', '200'])
  })

  test('name no users of a connection to our own servers, behind which everybody is', (t) => {
    const store = storeOf(t)
    const core = flowLeg({ connId: '900', side: 'core', transport: 'tcp' })
    new CallFlow(store, phone)
      .in(invite)
      .out(invite, core)
      .in({ ...invite, callId: 'call-2' }, core)
    assert.deepEqual(store.callIdsOf('900'), ['call-1', 'call-2'])
    assert.deepEqual([[...store.usersOf('100')], [...store.usersOf('900')]], [['alice@example.com'], []])
  })

  test('name at most so many calls, those heard of last', (t) => {
    const store = storeOf(t)
    const flow = new CallFlow(store, phone)
    for (let i = 0; i < 300; i++) flow.in({ ...invite, callId: `call-${i}` })
    flow.out({ ...ringing, callId: 'call-0' })
    assert.equal(store.callIdsOf('100').length, 200)
    assert.deepEqual(store.callIdsOf('100', 2), ['call-299', 'call-0'])
  })

  test('are forgotten with their connection when the last has left', (t) => {
    const store = storeOf(t, 1000)
    const flow = new CallFlow(store, phone).in(invite)
    store.settle()
    assert.equal([...store.usersOf('100')].length, 1)
    for (let i = 0; i < 4; i++) flow.in({ ...invite, callId: 'call-2', branch: `b${i}` }, trunk)
    assert.deepEqual([store.messagesOf('100'), [...store.usersOf('100')]], [[], []])
  })

  test('are found as they are, whatever their bytes', (t) => {
    const store = storeOf(t)
    const bytes = Buffer.from([
      ...Buffer.from('SIP/2.0 200 \xff\r\nCall-ID: a\r\nFrom: \xc3;<<"\r\n\r\n', 'latin1'),
      0xff,
    ])
    offerTo(store, phone.in, bytes, noonMicros)
    assert.equal(store.messagesOf('100')[0]?.summary, 'SIP/2.0 200 \ufffd')
    assert.deepEqual(
      Array.from(store.rawOfCall('a'), (message) => message.bytes),
      [bytes],
    )
  })
})

describe('raw messages', () => {
  test('of a call are those of all legs by time, and no events', (t) => {
    const store = storeOf(t)
    store.event(tracedEvent({ correlation: 'call-1', record: 'tls-session' }))
    const flow = new CallFlow(store, phone).in(invite)
    flow.micros -= 15_000
    flow.out({ ...invite, branch: 'g' }, trunk)
    const found = Array.from(store.rawOfCall('call-1'), ({ connId, callId }) => [connId, callId])
    assert.deepEqual(found, [
      ['200', 'call-1'],
      ['100', 'call-1'],
    ])
  })

  test('after a number are those that came behind it', (t) => {
    const store = storeOf(t)
    new CallFlow(store, phone)
      .in(invite)
      .out(ringing)
      .in({ ...invite, branch: 'b2' })
    assert.deepEqual(
      Array.from(store.rawSince(1, every), (message) => message?.n),
      [2, 3],
    )
  })

  test('and those a follower hears are each message once', (t) => {
    const store = storeOf(t)
    const flow = new CallFlow(store, phone).in(invite)
    const kept = store.rawSince(0, every)
    const heard: number[] = []
    const end = store.onMessage(({ n }) => heard.push(n), every)
    flow.out(ringing)
    store.messagesOf('100') // reads what waits
    assert.deepEqual([Array.from(kept, (message) => message?.n), heard], [[1], [2]])
    end()
    flow.out(ringing)
    store.messagesOf('100')
    assert.deepEqual(heard, [2])
  })

  test('that leave the store while somebody goes through them are left out', (t) => {
    const store = storeOf(t, 1000)
    const flow = new CallFlow(store, phone)
    for (let i = 0; i < 3; i++) flow.in({ ...invite, branch: `b${i}` })
    const walks = [store.rawOfConnection('100'), store.rawOfCall('call-1'), store.rawSince(0, every)]
    for (const walk of walks) assert.equal(walk.next().value?.n, 1)
    for (let i = 3; i < 5; i++) flow.in({ ...invite, branch: `b${i}` })
    for (const walk of walks)
      assert.deepEqual(
        Array.from(walk, (message) => message?.n),
        [3],
      )
  })
})

describe('who follows', () => {
  const calls = (count: number) => Array.from({ length: count }, (_, i) => `call-${i}`)

  test('may ask the store what it knows, and hears all in order, each once', (t) => {
    const store = storeOf(t, 8 << 20)
    const flow = new CallFlow(store, phone)
    const heard: string[] = []
    store.onMessage(
      ({ callId }) => {
        heard.push(callId)
        assert.equal(store.connectionsOfCall(callId).length, 1)
      },
      (connId) => {
        store.settle()
        store.messagesOf(connId!)
        return [...store.usersOf(connId!)].length > 0
      },
    )
    for (const callId of calls(2000)) flow.in({ ...invite, callId })
    store.settle()
    store.settle()
    assert.deepEqual(heard, calls(2000))
  })

  test('is asked before anything is copied, and all share one copy', (t) => {
    const store = storeOf(t)
    const heard: Buffer[] = []
    for (let i = 0; i < 3; i++) store.onMessage(({ bytes }) => heard.push(bytes), every)
    store.onMessage(
      () => assert.fail(),
      (connId, callId) => connId !== '100' || callId !== 'call-1',
    )
    new CallFlow(store, phone).in(invite)
    store.settle()
    assert.equal(heard.length, 3)
    assert.equal(new Set(heard).size, 1)
  })

  test('costs a question no more time: what is read before it is less', (t) => {
    const store = storeOf(t, 8 << 20)
    let heard = 0
    for (let i = 0; i < 16; i++) store.onMessage(() => heard++, every)
    for (const callId of calls(2500)) new CallFlow(store, phone).in({ ...invite, callId })
    store.settle()
    assert.equal(heard, 16 * 500)
  })

  test('that fails leaves the store as it is', (t) => {
    const store = storeOf(t)
    const flow = new CallFlow(store, phone).in(invite)
    const end = store.onMessage(() => {
      throw new Error('no')
    }, every)
    assert.throws(() => store.settle(), /no/)
    end()
    flow.out(ringing)
    assert.equal(store.messagesOf('100').length, 2)
  })
})

test('what nobody asks for is read in slices, however much it is', async (t) => {
  const store = storeOf(t, 8 << 20)
  const flow = new CallFlow(store, phone)
  let now = 0
  let last = -1
  const inTurn: number[] = [0]
  const all = new Promise<void>((resolve) => {
    store.onMessage(({ n }) => {
      if (n !== last + 1) inTurn.push(0)
      inTurn[inTurn.length - 1]!++
      last = n
      setImmediate(() => {
        last = -1
      })
      if (n === 1000) resolve()
    }, every)
  })
  t.mock.method(performance, 'now', () => now++)
  for (let i = 0; i < 1000; i++) flow.in({ ...invite, callId: `call-${i}` })
  const alive = setInterval(() => {}, 1000) // the timer of the store keeps no process alive
  t.after(() => clearInterval(alive))
  await all
  assert.ok(Math.max(...inTurn) <= 64, `${Math.max(...inTurn)} in one turn`)
})

test('followers hear of a message although nobody asks', async (t) => {
  const store = storeOf(t)
  const heard = new Promise<RawMessage>((resolve) => store.onMessage(resolve, every))
  const alive = setInterval(() => {}, 1000) // the timer of the store keeps no process alive
  t.after(() => clearInterval(alive))
  new CallFlow(store, phone).in(invite)
  assert.equal((await heard).callId, 'call-1')
})

test('a flood that nobody reads in time is bounded, and what is kept of it is read', (t) => {
  const store = storeOf(t, 20_000)
  const flow = new CallFlow(store, phone)
  for (let i = 0; i < 10_000; i++) flow.in({ ...invite, callId: `call-${i}` })
  const { rows, total } = callsPage(store, { limit: 1 })
  assert.equal(rows[0]?.call_id, 'call-9999')
  assert.equal(total, store.length)
  assert.ok(bytesOf(rawAll(store)).join('').length <= 20_000)
})
