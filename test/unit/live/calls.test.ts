import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CallDetail, CallQuery, CallRow, MessageView, Page } from '../../../src/base/live.js'
import { MessageStore } from '../../../src/live/messages/messages.js'
import type { StoredLeg } from '../../../src/live/messages/stored.js'
import { CallFlow, callsPage, flowLeg, type MessageFields, sipText } from '../../support/call-flow.js'
import { facts, noonMicros, tracedEvent } from '../../support/destinations.js'

type Scope = { after(end: () => unknown): void }

const phone = flowLeg({ connId: '100', peer: 1 })
const core = flowLeg({ connId: '200', peer: 9, side: 'core', transport: 'tcp' })
const other = flowLeg({ connId: '300', peer: 3 })

function flow(t: Scope, bytes = 1 << 20, maxCalls?: number): CallFlow {
  const store = new MessageStore(bytes, maxCalls)
  t.after(() => store.stop())
  return new CallFlow(store, phone)
}

function pageOf({ store }: CallFlow, query: Partial<CallQuery> = {}): Page<CallRow> {
  return callsPage(store, query)
}

function theCall(calls: CallFlow): CallRow {
  const { rows } = pageOf(calls)
  assert.equal(rows.length, 1)
  return rows[0]!
}

/** Request and response of one transaction; `with` changes the branch, the CSeq number, … */
const invite: MessageFields = { start: 'INVITE', cseq: '1 INVITE' }
const trying: MessageFields = { start: '100 Trying', cseq: '1 INVITE' }
const ringing: MessageFields = { start: '180 Ringing', cseq: '1 INVITE', toTag: 't1' }
const answer: MessageFields = { start: '200 OK', cseq: '1 INVITE', toTag: 't1' }
const ack: MessageFields = { start: 'ACK', cseq: '1 ACK', toTag: 't1', branch: 'a1' }
const bye: MessageFields = { start: 'BYE', cseq: '2 BYE', toTag: 't1', branch: 'e1' }
const cancel: MessageFields = { start: 'CANCEL', cseq: '1 CANCEL' }

describe('a call', () => {
  test('goes from trying over ringing and answered to ended', (t) => {
    const call = flow(t).in(invite)
    assert.equal(theCall(call).state, 'trying')
    call.out(trying)
    assert.equal(theCall(call).state, 'trying')
    call.out(ringing)
    assert.equal(theCall(call).state, 'ringing')
    call.after(80).out(answer)
    assert.equal(theCall(call).state, 'answered')
    call.in(ack).in(bye)
    const { state, status, method, ring_ms, answer_ms, messages, errors } = theCall(call)
    assert.deepEqual(
      { state, status, method, ring_ms, answer_ms, messages, errors },
      { state: 'ended', status: 200, method: 'INVITE', ring_ms: 20, answer_ms: 110, messages: 6, errors: 0 },
    )
  })

  /** ERROR and CLOSED of the phone's connection, as the tap tells them to the calls of its last minutes. */
  const breaks = (call: CallFlow): CallFlow => {
    for (const line of ['ERROR FAILURE peer-reset', 'CLOSED FAILURE peer-reset']) {
      call.store.note(phone.in, call.micros, 'call-1', line, { failed: true, announces: false })
    }
    return call
  }

  test('is troubled once by a connection that breaks under it', (t) => {
    assert.equal(theCall(breaks(flow(t).in(invite).out(answer).after(60_000))).errors, 1)
  })

  test('that is over is not troubled, and lasts no longer, when its connection breaks later', async (t) => {
    const call = flow(t).in(invite).out(answer).in(bye)
    const { last_at } = theCall(call)
    breaks(call.after(60_000))
    assert.deepEqual([theCall(call).errors, theCall(call).last_at], [0, last_at])
    const { flow: told } = (await call.store.calls.detail('call-1', () => undefined))!
    assert.deepEqual(
      told.slice(-2).map(({ kind }) => kind),
      ['event', 'event'],
    )
  })

  test('says who called whom, without display name, port and tag', (t) => {
    const { from, to } = theCall(flow(t).in(invite))
    assert.deepEqual([from, to], ['alice@example.com', 'bob@example.com'])
  })

  test('says when it began and when it was last heard of', (t) => {
    const { started_at, last_at } = theCall(flow(t).in(invite).out(ringing))
    assert.deepEqual([started_at, last_at], ['2026-01-31T12:00:00.000000Z', '2026-01-31T12:00:00.010000Z'])
  })

  test('seen on two legs is one, measured from its first message', (t) => {
    const call = flow(t)
      .in(invite)
      .out({ ...invite, branch: 'g1' }, core)
    call.in({ ...ringing, branch: 'g1' }, core).out(ringing)
    const { conn_ids, ring_ms, messages, retransmissions, state } = theCall(call)
    assert.deepEqual(
      { conn_ids, ring_ms, messages, retransmissions, state },
      { conn_ids: ['100', '200'], ring_ms: 20, messages: 4, retransmissions: 0, state: 'ringing' },
    )
  })

  test('that is refused has failed when the refusal is on its last leg, and counts one error', (t) => {
    const call = flow(t)
      .in(invite)
      .out({ ...invite, branch: 'g1' }, core)
    call.in({ ...answer, start: '486 Busy Here', branch: 'g1' }, core)
    assert.equal(theCall(call).state, 'trying')
    call.out({ ...answer, start: '486 Busy Here' })
    const { state, status, errors } = theCall(call)
    assert.deepEqual({ state, status, errors }, { state: 'failed', status: 486, errors: 1 })
  })

  test('sent to another server after a failure of the first is answered', (t) => {
    const call = flow(t)
      .in(invite)
      .out({ ...invite, branch: 'g1' }, core)
    call.in({ ...answer, start: '503 Service Unavailable', branch: 'g1' }, core)
    call
      .out({ ...invite, branch: 'g2' }, other)
      .in({ ...answer, branch: 'g2' }, other)
      .out(answer)
    const { state, status, errors } = theCall(call)
    assert.deepEqual({ state, status, errors }, { state: 'answered', status: 200, errors: 1 })
  })

  test('forked to two phones rings until the last of them has refused', (t) => {
    const call = flow(t)
    call.out({ ...invite, branch: 'f1' }, phone).out({ ...invite, branch: 'f2' }, other)
    call.in({ ...ringing, branch: 'f1' }, phone).in({ ...ringing, branch: 'f2', toTag: 't2' }, other)
    call.in({ ...answer, start: '486 Busy Here', branch: 'f1' }, phone)
    assert.equal(theCall(call).state, 'ringing')
    call.in({ ...answer, start: '603 Decline', branch: 'f2', toTag: 't2' }, other)
    assert.equal(theCall(call).state, 'failed')
  })

  test('forked to two phones stays answered when the other is cancelled', (t) => {
    const call = flow(t)
    call.out({ ...invite, branch: 'f1' }, phone).out({ ...invite, branch: 'f2' }, other)
    call.in({ ...answer, branch: 'f1' }, phone)
    call.out({ ...cancel, branch: 'f2' }, other)
    call.in({ ...answer, start: '487 Request Terminated', branch: 'f2', toTag: 't2' }, other)
    const { state, status } = theCall(call)
    assert.deepEqual({ state, status }, { state: 'answered', status: 200 })
  })

  test('that is cancelled is that, and stays so with the 487', (t) => {
    const call = flow(t).in(invite).out(ringing).in(cancel)
    assert.equal(theCall(call).state, 'cancelled')
    call.out({ start: '200 OK', cseq: '1 CANCEL', toTag: 't1' }).out({ ...answer, start: '487 Request Terminated' })
    const { state, status, errors } = theCall(call)
    assert.deepEqual({ state, status, errors }, { state: 'cancelled', status: 487, errors: 0 })
  })

  test('that is cancelled too late is answered', (t) => {
    assert.equal(theCall(flow(t).in(invite).in(cancel).out(answer)).state, 'answered')
  })

  test('that is sent elsewhere is done', (t) => {
    const { state, errors } = theCall(
      flow(t)
        .in(invite)
        .out({ ...answer, start: '302 Moved Temporarily' }),
    )
    assert.deepEqual({ state, errors }, { state: 'done', errors: 0 })
  })

  test('asked for credentials goes on trying, without an error', (t) => {
    const call = flow(t)
      .in(invite)
      .out({ ...answer, start: '407 Proxy Authentication Required' })
    const { state, errors } = theCall(call)
    assert.deepEqual({ state, errors }, { state: 'trying', errors: 0 })
    call.in({ ...invite, cseq: '2 INVITE', branch: 'b2' })
    call.out({ ...answer, cseq: '2 INVITE', branch: 'b2' })
    assert.equal(theCall(call).state, 'answered')
  })

  test('stays answered while a re-INVITE tries, and when it fails', (t) => {
    const call = flow(t).in(invite).out(answer).in(ack)
    const again = { cseq: '2 INVITE', branch: 'b2', toTag: 't1' }
    call.in({ ...again, start: 'INVITE' }).out({ ...again, start: '180 Ringing' })
    assert.equal(theCall(call).state, 'answered')
    call.out({ ...again, start: '488 Not Acceptable Here' })
    const { state, status, errors } = theCall(call)
    assert.deepEqual({ state, status, errors }, { state: 'answered', status: 200, errors: 1 })
  })

  test('has no status before one went all the way back', (t) => {
    const call = flow(t)
      .in(invite)
      .out({ ...invite, branch: 'g1' }, core)
      .out(ringing)
      .in({ ...answer, start: '404 Not Found', branch: 'g1' }, core)
    const { state, status } = theCall(call)
    assert.deepEqual({ state, status }, { state: 'ringing', status: undefined })
    call.out({ ...invite, branch: 'g2' }, other).in({ ...answer, branch: 'g2' }, other)
    assert.deepEqual([theCall(call).state, theCall(call).status], ['answered', 200])
  })

  test('is what our own legs say, whatever other agents see of it', (t) => {
    const agent: StoredLeg = { ...other.in, connId: undefined, direction: undefined, side: undefined, agent: 'pbx-1' }
    const call = flow(t).offer(agent, sipText({ ...invite, branch: 'p1' }))
    call.offer(agent, sipText({ ...answer, start: '302 Moved Temporarily', branch: 'p1' }))
    assert.deepEqual([theCall(call).state, theCall(call).status], ['done', 302])
    call.in(invite).out(ringing)
    const { state, status, ring_ms, agents } = theCall(call)
    assert.deepEqual(
      { state, status, ring_ms, agents },
      { state: 'ringing', status: undefined, ring_ms: 10, agents: ['pbx-1'] },
    )
    call.offer(agent, sipText({ ...bye, branch: 'p2' }))
    assert.equal(theCall(call).state, 'ringing')
  })

  for (const [first, expected] of [
    [{ ...invite, toTag: 't1' }, 'answered'],
    [ack, 'answered'],
    [bye, 'ended'],
    [cancel, 'cancelled'],
    [ringing, 'ringing'],
    [answer, 'answered'],
    [{ ...answer, start: '404 Not Found' }, 'failed'],
    [{ ...bye, start: '200 OK' }, 'ended'],
  ] as const) {
    test(`whose first message seen is ${first.start} (${first.cseq}) is ${expected}`, (t) => {
      assert.equal(theCall(flow(t).in(first)).state, expected)
    })
  }

  test('whose trace began in its midst ends with BYE', (t) => {
    assert.equal(theCall(flow(t).in(ack).out(bye)).state, 'ended')
  })
})

describe('a retransmission', () => {
  test('of INVITE and of 200 is counted and moves nothing', async (t) => {
    const call = flow(t).in(invite).after(500).in(invite).out(answer).after(500).out(answer).in(bye)
    call.out(answer)
    const { state, retransmissions, messages } = theCall(call)
    assert.deepEqual({ state, retransmissions, messages }, { state: 'ended', retransmissions: 3, messages: 6 })
    const flags = (await call.store.calls.detail('call-1', () => undefined))!.flow.map(
      (message) => message.retransmission,
    )
    assert.deepEqual(flags, [false, true, false, true, false, true])
  })

  test('is none on another leg, and none with another branch', (t) => {
    const call = flow(t)
      .in(invite, phone)
      .out(invite, core)
      .in({ ...invite, branch: 'b2' }, phone)
    assert.equal(theCall(call).retransmissions, 0)
  })

  test('is none after the timers of its transaction are over', (t) => {
    const call = flow(t).in(invite).after(60_000).in(invite)
    assert.equal(theCall(call).retransmissions, 0)
  })
})

describe('another exchange', () => {
  const register = { start: 'REGISTER', cseq: '1 REGISTER' }

  test('REGISTER is trying after 401 and done after 200', (t) => {
    const call = flow(t)
      .in(register)
      .out({ ...register, start: '401 Unauthorized' })
    assert.equal(theCall(call).state, 'trying')
    const again = { cseq: '2 REGISTER', branch: 'b2' }
    call.in({ ...again, start: 'REGISTER' }).out({ ...again, start: '200 OK' })
    const { state, status, method, errors, ring_ms, answer_ms } = theCall(call)
    assert.deepEqual(
      { state, status, method, errors, ring_ms, answer_ms },
      { state: 'done', status: 200, method: 'REGISTER', errors: 0, ring_ms: undefined, answer_ms: undefined },
    )
  })

  test('REGISTER that is repeated under its Call-ID tries again', (t) => {
    const call = flow(t)
      .in(register)
      .out({ ...register, start: '200 OK' })
    call.in({ start: 'REGISTER', cseq: '2 REGISTER', branch: 'b2' })
    assert.equal(theCall(call).state, 'trying')
    call.out({ start: '403 Forbidden', cseq: '2 REGISTER', branch: 'b2' })
    assert.equal(theCall(call).state, 'failed')
  })

  test('OPTIONS that is refused has failed', (t) => {
    const call = flow(t).in({ start: 'OPTIONS', cseq: '1 OPTIONS' }).out({ start: '404 Not Found', cseq: '1 OPTIONS' })
    assert.equal(theCall(call).state, 'failed')
  })

  test('SUBSCRIBE does not fail with a NOTIFY of it, which is an error', (t) => {
    const call = flow(t).in({ start: 'SUBSCRIBE', cseq: '1 SUBSCRIBE' }).out({ start: '200 OK', cseq: '1 SUBSCRIBE' })
    call.out({ start: 'NOTIFY', cseq: '1 NOTIFY', branch: 'n1' })
    call.in({ start: '481 Subscription Does Not Exist', cseq: '1 NOTIFY', branch: 'n1' })
    const { state, errors } = theCall(call)
    assert.deepEqual({ state, errors }, { state: 'done', errors: 1 })
  })

  test('REGISTER answered never, a hundred times, is done with the answer to the last', (t) => {
    const call = flow(t)
    for (let cseq = 1; cseq <= 100; cseq++) call.in({ ...register, cseq: `${cseq} REGISTER`, branch: `b${cseq}` })
    call.out({ start: '500 Server Error', cseq: '1 REGISTER', branch: 'b1' })
    assert.equal(theCall(call).state, 'trying')
    call.out({ start: '200 OK', cseq: '100 REGISTER', branch: 'b100' })
    assert.equal(theCall(call).state, 'done')
  })
})

describe('events in a call', () => {
  const about = facts({ id: '100' })

  test('stand in its flow, and a failure is an error', async (t) => {
    const call = flow(t)
    const session = { correlation: 'call-1', record: 'tls-session', message: 'this call runs over TLS' } as const
    call.store.event(tracedEvent({ facts: about, ...session }))
    call.in(invite)
    call.store.event(
      tracedEvent({
        ...{ facts: about, correlation: 'call-1', name: 'CLOSED', status: 'FAILURE', cause: 'peer-reset' },
        ...{ message: 'the peer reset it', micros: noonMicros + 50_000 },
      }),
    )
    const detail = (await call.store.calls.detail('call-1', () => undefined))!
    assert.deepEqual(
      detail.flow.map(({ kind, summary }) => [kind, summary]),
      [
        ['event', 'TLS_SESSION: this call runs over TLS'],
        ['sip', 'INVITE sip:bob@example.com SIP/2.0'],
        ['event', 'CLOSED FAILURE peer-reset: the peer reset it'],
      ],
    )
    assert.deepEqual([detail.errors, detail.messages, detail.method, detail.forgotten], [1, 1, 'INVITE', 0])
  })

  test('of a call nobody knows make none, and those of a connection alone neither', (t) => {
    const call = flow(t)
    call.store.event(tracedEvent({ facts: about, correlation: 'gone', name: 'ERROR', status: 'FAILURE' }))
    call.store.event(tracedEvent({ facts: about }))
    assert.equal(pageOf(call).total, 0)
  })
})

describe('the list of calls', () => {
  function many(t: Scope, count: number): CallFlow {
    const calls = flow(t)
    for (let i = 0; i < count; i++) calls.in({ ...invite, callId: `call-${i}` })
    return calls
  }
  const ids = (page: Page<CallRow>): string[] => page.rows.map((row) => row.call_id)

  test('has the last changed first', (t) => {
    const calls = many(t, 3).out({ ...ringing, callId: 'call-0' })
    assert.deepEqual(ids(pageOf(calls)), ['call-0', 'call-2', 'call-1'])
  })

  test('comes in pages, all with the whole total, the last without a cursor', (t) => {
    const calls = many(t, 5)
    const first = pageOf(calls, { limit: 2 })
    const second = pageOf(calls, { limit: 2, cursor: first.next! })
    const third = pageOf(calls, { limit: 2, cursor: second.next! })
    assert.deepEqual([first, second, third].map(ids), [['call-4', 'call-3'], ['call-2', 'call-1'], ['call-0']])
    assert.deepEqual([first.total, second.total, third.total, third.next], [5, 5, 5, undefined])
  })

  test('hides no call when another changes between two pages', (t) => {
    const calls = many(t, 4)
    const first = pageOf(calls, { limit: 2 })
    calls.out({ ...ringing, callId: 'call-0' })
    assert.deepEqual(ids(pageOf(calls, { limit: 2, cursor: first.next! })), ['call-1'])
  })

  test('does not take a cursor that is none', (t) => {
    assert.ok('problem' in flow(t).store.calls.list({ limit: 1, cursor: 'bm9uZQ' }))
  })

  test('holds so many calls: one more lets that go that changed longest ago, and keeps its messages', async (t) => {
    const calls = flow(t, 1 << 20, 2)
    for (let i = 0; i < 3; i++) calls.in({ ...invite, callId: `call-${i}` })
    assert.deepEqual(ids(pageOf(calls)), ['call-2', 'call-1'])
    assert.equal(calls.store.messagesOf('100').length, 3)
    assert.equal(await calls.store.calls.detail('call-0', () => undefined), undefined)
    calls.in({ ...bye, callId: 'call-0' })
    assert.equal((await calls.store.calls.detail('call-0', () => undefined))?.flow.length, 1)
  })

  test('has another version when a call comes, changes or goes, and else the same', (t) => {
    const calls = flow(t, 2000)
    const versions = [calls.store.calls.version]
    const note = (): unknown => {
      pageOf(calls)
      return versions.push(calls.store.calls.version)
    }
    calls.in(invite)
    note()
    calls.out(ringing)
    note()
    assert.equal(new Set(versions).size, 3)
    note()
    assert.equal(versions[3], versions[2])
    calls.store.sip(phone.in, calls.micros, Buffer.alloc(1900), 0, 1900, 0, 0)
    note()
    assert.notEqual(versions[4], versions[3])
    assert.equal(pageOf(calls).total, 0)
  })
})

describe('the detail of a call', () => {
  const detailOf = async ({ store }: CallFlow): Promise<CallDetail> =>
    (await store.calls.detail('call-1', () => undefined))!

  /** Messages that JSON writes with six characters for each of their bytes. */
  function fat(t: Scope, count: number, bytes: number): CallFlow {
    const call = flow(t, 32 << 20)
    for (let i = 0; i < count; i++) call.in({ ...invite, branch: `b${i}`, body: '\u0001'.repeat(bytes) })
    return call
  }

  test('has of a long message as much as somebody reads, and says how much is missing', async (t) => {
    const call = flow(t).in({ ...invite, body: 'ü'.repeat(50_000) })
    const [{ bytes, text, text_cut }] = (await detailOf(call)).flow as [MessageView]
    assert.equal(Buffer.byteLength(text!) + text_cut!, bytes)
    assert.ok(text_cut! > 0 && text!.length < 64 * 1024)
    assert.doesNotMatch(text!, /\ufffd/)
  })

  test('has the text of the newest, and of the others their line', async (t) => {
    const { flow: lines, forgotten } = await detailOf(fat(t, 300, 60_000))
    assert.deepEqual([lines.length, forgotten], [300, 0])
    const firstShown = lines.findIndex(({ text }) => text !== undefined)
    assert.ok(firstShown > 200 && firstShown < 299)
    for (const { text, text_cut, bytes, summary } of lines.slice(0, firstShown)) {
      assert.deepEqual([text, text_cut, summary], [undefined, bytes, 'INVITE sip:bob@example.com SIP/2.0'])
    }
    assert.ok(lines.slice(firstShown).every(({ text }) => text?.startsWith('INVITE')))
  })

  for (const [count, bytes] of [
    [300, 60_000],
    [1500, 2000],
  ] as const) {
    test(`is no longer than an answer may be, with ${count} messages of ${bytes} bytes`, async (t) => {
      const json = JSON.stringify(await detailOf(fat(t, count, bytes)))
      assert.ok(json.length < 3 << 20, `${json.length} characters`)
    })
  }

  test('is made in slices, and what the store forgets between them is counted', async (t) => {
    const call = flow(t)
    for (let i = 0; i < 40; i++) call.in({ ...invite, branch: `b${i}`, body: `message ${i}\n`.repeat(1500) })
    call.store.settle()
    let now = 0
    t.mock.method(performance, 'now', () => (now += 10))
    const detail = detailOf(call)
    for (let i = 0; i < 40; i++) call.in({ ...invite, callId: 'call-2', body: `other ${i}\n`.repeat(2000) })
    const { flow: lines, forgotten } = await detail
    assert.equal(lines.length + forgotten, 40)
    assert.ok(forgotten > 0 && lines.length >= 16)
    for (const [i, { text }] of lines.entries()) {
      assert.ok(text!.includes(`message ${i + forgotten}\n`) && !text!.includes('other'))
    }
  })

  test('has its messages by time with their text, and the legs that are still known', async (t) => {
    const call = flow(t)
    call.micros += 5000
    call.in(invite, phone)
    call.micros = noonMicros
    call.out({ ...invite, branch: 'g1' }, core)
    const detail = (await call.store.calls.detail('call-1', (id) =>
      id === '200' ? ({ conn_id: id } as never) : undefined,
    ))!
    assert.deepEqual(
      detail.flow.map(({ conn_id }) => conn_id),
      ['200', '100'],
    )
    assert.match(detail.flow[0]!.text!, /^INVITE sip:bob@example\.com SIP\/2\.0\r\nVia: .*branch=z9hG4bKg1/)
    assert.deepEqual(detail.legs, [{ conn_id: '200' }])
  })

  test('counts the messages that have left the store', async (t) => {
    const call = flow(t, 1000)
    const detail = async (): Promise<CallDetail> => (await call.store.calls.detail('call-1', () => undefined))!
    call.in(invite).out(ringing)
    assert.equal((await detail()).forgotten, 0)
    call.out(answer)
    await detail() // reads what waits: what leaves before was never known
    call.in(ack).in(bye)
    const { messages, flow: left, forgotten } = await detail()
    assert.equal(messages, 5)
    assert.ok(left.length < 5)
    assert.equal(forgotten, 5 - left.length)
    assert.equal(left.at(-1)?.method, 'BYE')
  })

  test('of a call whose messages have all left is none', async (t) => {
    const call = flow(t, 1000).in(invite)
    pageOf(call)
    for (let i = 0; i < 5; i++) call.in({ ...invite, callId: 'call-2', branch: `x${i}` })
    assert.equal(await call.store.calls.detail('call-1', () => undefined), undefined)
    assert.equal(theCall(call).call_id, 'call-2')
  })
})
