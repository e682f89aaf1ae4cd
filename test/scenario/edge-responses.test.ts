/** A response goes back by our own Via, which comes off; one that we cannot prove to be awaited goes nowhere. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { lost, nothingMoreComes, pathTo, startEdgeCast } from '../support/edge-cast.js'
import { networkOf } from '../support/hep-network.js'
import { tcpConnect } from '../support/listening.js'
import { changed, headerOf, headersOf, sipAnswer, sipRequest, startLine, token } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { until } from '../support/wait.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const { core, scene } = cast
const [phone, attacker] = [await cast.phone(), await cast.phone()]
const [toPhone, toAttacker] = [await pathTo(phone, core), await pathTo(attacker, core)]

/** A request of the phone as our server gets it. */
async function fromPhone(fields: object = {}): Promise<Buffer> {
  phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', ...fields }))
  return await core.next()
}

describe('our Via comes off a response, and nothing else is touched', () => {
  /** An answer with its Via headers written otherwise. */
  const rewritten = (answer: Buffer, vias: (values: readonly string[]) => string): Buffer =>
    changed(answer, /^(?:Via: .*\r\n)+/m, vias(headersOf(answer, 'Via')))

  const spellings: Readonly<Record<string, (values: readonly string[]) => string>> = {
    'on a line of its own': ([ours, theirs]) => `Via: ${ours}\r\nVia: ${theirs}\r\n`,
    'first of a list': ([ours, theirs]) => `Via: ${ours}, ${theirs}\r\n`,
    'first of a list without white space': ([ours, theirs]) => `Via:${ours},${theirs}\r\n`,
    'first of a list that is folded': ([ours, theirs]) => `v: ${ours} ,\r\n  ${theirs}\r\n`,
    'in other letters, folded': ([ours, theirs]) => `VIA :\r\n ${ours}\r\nv: ${theirs}\r\n`,
    'with a parameter that the server added': ([ours, theirs]) =>
      `Via: ${ours};received=127.0.0.1\r\nVia: ${theirs}\r\n`,
  }
  const left: typeof spellings = {
    'first of a list': ([, theirs]) => `Via: ${theirs}\r\n`,
    'first of a list without white space': ([, theirs]) => `Via:${theirs}\r\n`,
    'first of a list that is folded': ([, theirs]) => `v: ${theirs}\r\n`,
    'in other letters, folded': ([, theirs]) => `v: ${theirs}\r\n`,
  }

  for (const [what, spelling] of Object.entries(spellings)) {
    test(what, async () => {
      const headers = ['X-Odd:  spaced  value ', 'Subject: folded\r\n\tvalue']
      const answer = sipAnswer(await fromPhone(), '180 Ringing', headers)
      core.send(rewritten(answer, spelling))
      const expected = rewritten(answer, left[what] ?? (([, theirs]) => `Via: ${theirs}\r\n`))
      assert.equal(String(await phone.next()), String(expected))
    })
  }

  test('towards the core the same', async () => {
    core.send(sipRequest({ method: 'MESSAGE', headers: [`Route: ${toPhone}`] }))
    const request = await phone.next()
    const [ours, theirs] = headersOf(request, 'Via')
    const answer = phone.answer(request)
    assert.equal(String(await core.next()), String(answer).replace(`Via: ${ours}\r\n`, ''))
    assert.match(theirs!, /^SIP\/2\.0\/TLS 192\.0\.2\.10:50000;.*;received=127\.0\.0\.1$/)
  })
})

test('every response of a transaction goes back, also those that are sent again', async () => {
  const request = await fromPhone()
  const statuses = ['100 Trying', '180 Ringing', '180 Ringing', '200 OK', '200 OK', '699 Odd']
  for (const status of statuses) core.answer(request, status)
  for (const status of statuses) assert.equal(startLine(await phone.next()), `SIP/2.0 ${status}`)
})

test('our servers may answer over another connection than the one a request came on', async () => {
  const other = await cast.coreServer()
  const request = await fromPhone()
  const answer = other.answer(request)
  assert.equal(headerOf(await phone.next(), 'Call-ID'), headerOf(answer, 'Call-ID'))
})

describe('a response that nobody can have waited for is dropped, counted and traced', () => {
  const dropped = async (reason: string): Promise<number> =>
    (await scene.gateway.status()).edge!.responsesDropped[reason] ?? 0

  /** Sends `response` and sees that it ends here. */
  async function assertDropped(response: Buffer, from: SipStream, reason: string): Promise<void> {
    const before = await dropped(reason)
    const received = [phone, attacker, core].map((one) => one.received.length)
    from.send(response)
    await until('the drop to be counted', async () => (await dropped(reason)) === before + 1)
    await nothingMoreComes(phone, core)
    received[2]!++ // the marker
    assert.deepEqual(
      [phone, attacker, core].map((one) => one.received.length),
      received,
    )
    if (headerOf(response, 'Call-ID') === undefined) return
    const records = await until('the trace of it', () => {
      const found = scene.collector.records.filter(
        ({ type, payload }) => type === 1 && payload.toString('latin1') === response.toString('latin1'),
      )
      return found.length > 0 ? found : undefined
    })
    assert.deepEqual(
      records.map((record) => networkOf(record).source),
      [from.address],
    )
  }

  /** A branch as a test changes it. */
  const branch = /z9hG4bKhg\d+\.[0-9a-f]{16}\.[0-9a-f]{16}/

  const forgeries: Readonly<Record<string, (branch: string) => string>> = {
    'another MAC': (good) => good.slice(0, -1) + (good.endsWith('0') ? '1' : '0'),
    'no MAC': (good) => good.slice(0, good.lastIndexOf('.')),
    'more behind the MAC': (good) => `${good}0`,
    'another connection': (good) => good.replace(/hg(\d+)/, (_, id) => `hg${BigInt(id) + 1n}`),
    'no connection': (good) => good.replace(/hg(\d+)/, 'hg'),
    'another transaction': (good) => good.replace(/\.(.)/, (_, digit) => (digit === '0' ? '.1' : '.0')),
    'a branch of somebody else': () => `z9hG4bK${token()}`,
    'the branch of a probe that nobody sent': () => `z9hG4bKhgp${token()}`,
    'an empty branch': () => '',
  }
  for (const [what, forged] of Object.entries(forgeries)) {
    test(`from the core, with ${what}`, async () => {
      const answer = sipAnswer(await fromPhone())
      await assertDropped(changed(answer, branch, forged(branch.exec(String(answer))![0])), core, 'not-ours')
    })
  }

  test('from the core, without branch', async () => {
    const answer = sipAnswer(await fromPhone())
    await assertDropped(changed(answer, /;branch=z9hG4bKhg[^;\r]+/, ''), core, 'not-ours')
  })

  test('from outside, by the branch of a request that went to the core: its Via is seen by whoever is called', async () => {
    // phone ── INVITE ──▶ core ── INVITE ──▶ attacker, who reads all Vias.
    const up = await fromPhone()
    core.send(changed(up, /^Via:/m, `Route: ${toAttacker}\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKcore\r\nVia:`))
    const seen = await attacker.next()
    const ours = headersOf(seen, 'Via').filter((via) => branch.test(via))
    assert.equal(ours.length, 2, 'one towards the attacker, one towards the core')
    const answer = changed(
      sipAnswer(seen),
      /^(?:Via: .*\r\n)+/m,
      `Via: ${ours[1]}\r\nVia: ${headersOf(up, 'Via')[1]}\r\n`,
    )
    await assertDropped(answer, attacker, 'not-ours')
    core.answer(up)
    assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK', 'the true answer comes')
  })

  test('from the core, by the branch of a request that went to a phone', async () => {
    core.send(sipRequest({ method: 'MESSAGE', headers: [`Route: ${toPhone}`] }))
    const answer = sipAnswer(await phone.next())
    await assertDropped(answer, core, 'not-ours')
    phone.send(answer)
    assert.equal(startLine(await core.next()), 'SIP/2.0 200 OK', 'the true answer comes')
  })

  test('without what a response must have', async () => {
    const answer = sipAnswer(await fromPhone())
    await assertDropped(changed(answer, /^CSeq:.*\r\n/m, ''), core, 'malformed')
    await assertDropped(changed(answer, /^(?:Via: .*\r\n)+/m, ''), core, 'malformed')
    await assertDropped(changed(answer, 'SIP/2.0 200', 'SIP/2.0 099'), core, 'malformed')
    await assertDropped(changed(answer, 'SIP/2.0 200', 'SIP/2.0 700'), core, 'malformed')
    await assertDropped(changed(answer, 'SIP/2.0 200', 'SIP/3.0 200'), core, 'malformed')
  })

  test('with no Via but ours, which would be for us (RFC 3261 §16.7 step 3)', async () => {
    const answer = sipAnswer(await fromPhone())
    const [ours] = headersOf(answer, 'Via')
    await assertDropped(changed(answer, /^(?:Via: .*\r\n)+/m, `Via: ${ours}\r\n`), core, 'malformed')
  })

  test('for a phone that has gone', async () => {
    const raw = await tcpConnect(scope, cast.edgePort)
    const gone = await cast.phone({ socket: raw })
    gone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
    const request = await core.next()
    await lost(scene, raw)
    await assertDropped(sipAnswer(request), core, 'flow-gone')
  })

  test('for a server of the core that has gone, and has no other connection', async () => {
    const gone = await cast.coreServer()
    gone.send(
      sipRequest({ method: 'MESSAGE', headers: [`Route: ${toPhone}`], via: 'SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKa' }),
    )
    const request = await phone.next()
    await lost(scene, gone.socket)
    await assertDropped(sipAnswer(request), phone, 'flow-gone')
  })
})

describe('a response whose connection to the core is gone goes over another one of the same server (RFC 3261 §18.2.2)', () => {
  const sentBy = `SIP/2.0/TCP 127.0.0.1:${cast.upstream.port};branch=z9hG4bKa`
  const vias = {
    'by the address in its Via': sentBy,
    'and rport is of the connection that is gone, not of the server': `${sentBy};rport`,
    'and received says where the server is': sentBy.replace('127.0.0.1', 'core.example.com'),
    'and its Via is in a list': `${sentBy}, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb`,
  }
  for (const [what, via] of Object.entries(vias)) {
    test(what, async () => {
      const gone = await cast.coreServer()
      gone.send(sipRequest({ method: 'MESSAGE', headers: [`Route: ${toPhone}`], via }))
      const request = await phone.next()
      await lost(scene, gone.socket)
      const answer = phone.answer(request)
      const came = await core.next()
      assert.equal(headerOf(came, 'Call-ID'), headerOf(answer, 'Call-ID'))
      assert.equal(headerOf(came, 'Via'), headersOf(request, 'Via')[1])
    })
  }

  test('but not by what a phone wrote into its Via, which would let it choose whom we send to', async () => {
    for (const via of [sentBy, `SIP/2.0/TLS ${phone.address};branch=z9hG4bKa`]) {
      const raw = await tcpConnect(scope, cast.edgePort)
      const gone = await cast.phone({ socket: raw })
      gone.send(sipRequest({ method: 'MESSAGE', via }))
      const request = await core.next()
      await lost(scene, raw)
      const received = phone.received.length
      core.answer(request)
      await nothingMoreComes(phone, core)
      assert.equal(phone.received.length, received)
    }
  })
})
