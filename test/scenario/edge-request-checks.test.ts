/** RFC 3261 §16.3: what is wrong with a request is said to the phone at once, and our servers never see it. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { nothingMoreComes, pathTo, startEdgeCast } from '../support/edge-cast.js'
import { changed, headerOf, headersOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import { SipDatagrams } from '../support/sip-datagrams.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const { core, scene } = cast
const [phone, called] = [await cast.phone(), await cast.phone()]
const server = await SipDatagrams.start(scope)

const good = { method: 'INVITE', uri: 'sip:bob@example.com' } satisfies RequestFields

/** Sends a request of the phone that ends here, and returns it with our answer. */
async function refused(request: Buffer): Promise<{ request: Buffer; answer: Buffer }> {
  const before = phone.received.length
  phone.send(request)
  const answer = await phone.next()
  assert.equal(phone.received.length, before + 1, 'one answer')
  await nothingMoreComes(phone, core)
  return { request, answer }
}

describe('a request that is doubtful or lacks what it must have is answered 400 with the reason', () => {
  const faults: readonly (readonly [reason: string, found: string | RegExp, replacement: string])[] = [
    ['Space in the request line', 'sip:bob@', 'sip:b ob@'],
    ['Angle brackets around the Request-URI', 'sip:bob@example.com', '<sip:bob@example.com>'],
    ['Headers in the Request-URI', 'sip:bob@example.com', 'sip:bob@example.com?Route=%3Csip:192.0.2.1%3E'],
    ['Unreadable Request-URI', 'sip:bob@example.com', 'sip:bob@'],
    ['Missing To header', /^To:.*\r\n/m, ''],
    ['Missing To header', /^To:.*/m, 'To:'],
    ['Missing From header', /^From:.*\r\n/m, ''],
    ['Missing Call-ID header', /^Call-ID:.*\r\n/m, ''],
    ['Missing CSeq header', /^CSeq:.*\r\n/m, ''],
    ['More than one To header', /^Contact:/m, 't: <sip:carol@example.com>\r\nContact:'],
    ['More than one From header', /^Contact:/m, 'f: <sip:mallory@example.com>\r\nContact:'],
    ['More than one Call-ID header', /^Contact:/m, 'i: another\r\nContact:'],
    ['More than one CSeq header', /^Contact:/m, 'CSeq: 1 INVITE\r\nContact:'],
    ['Unreadable Via header', /^Via:.*/m, 'Via: SIP/2.0/TLS'],
    ['Unreadable Via header', /^Via:.*/m, 'Via: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bKa;branch=z9hG4bKb'],
    ['Unbalanced quotes in the To header', /^To:.*/m, 'To: "Bob <sip:bob@example.com>'],
    ['Unbalanced quotes in the From header', /^From:.*/m, 'From: "Alice <sip:alice@example.com>;tag=a'],
    ['Unreadable CSeq header', /^CSeq:.*/m, 'CSeq: INVITE'],
    ['Unreadable CSeq header', /^CSeq:.*/m, 'CSeq: 1INVITE'],
    ['CSeq number too large', /^CSeq:.*/m, 'CSeq: 2147483648 INVITE'],
    ['CSeq names another method', /^CSeq:.*/m, 'CSeq: 1 MESSAGE'],
    ['CSeq names another method', /^CSeq:.*/m, 'CSeq: 1 invite'],
    ['More than one Max-Forwards header', /^To:/m, 'Max-Forwards: 10\r\nTo:'],
    ['Unreadable Max-Forwards header', 'Max-Forwards: 70', 'Max-Forwards: seventy'],
    ['Unreadable Max-Forwards header', 'Max-Forwards: 70', 'Max-Forwards: 256'],
    ['Unreadable Max-Forwards header', 'Max-Forwards: 70', 'Max-Forwards: -1'],
    ['Unreadable Proxy-Require header', /^To:/m, 'Proxy-Require: foo bar\r\nTo:'],
    ['Unreadable Route', /^To:/m, 'Route: <tel:+15551234>\r\nTo:'],
  ]

  for (const [reason, found, replacement] of faults) {
    test(`${reason}: ${replacement === '' ? `without ${found}` : replacement.replace('\r\n', ' ')}`, async () => {
      const { request, answer } = await refused(changed(sipRequest(good), found, replacement))
      assert.equal(startLine(answer), `SIP/2.0 400 ${reason}`)
      assert.equal(headerOf(answer, 'Content-Length'), '0')
      for (const name of ['From', 'Call-ID', 'CSeq']) {
        // The first of each: which of them was meant nobody knows.
        assert.equal(headerOf(answer, name), headerOf(request, name), name)
      }
    })
  }

  const lengths: readonly (readonly [reason: string, length: string])[] = [
    ['Unreadable Content-Length header', 'Content-Length: none'],
    ['Two Content-Length headers that differ', 'Content-Length: 0\r\nl: 1'],
    ['Content-Length larger than the message', 'Content-Length: 1'],
  ]
  for (const [reason, length] of lengths) {
    test(`${reason}, in a datagram`, async () => {
      server.send(changed(sipRequest({ ...good, transport: 'UDP' }), 'Content-Length: 0', length), cast.corePort)
      assert.equal(startLine(await server.next()), `SIP/2.0 400 ${reason}`)
    })
  }
})

describe('what is not wrong but cannot be done', () => {
  test('no hop is left: 483', async () => {
    const { answer } = await refused(changed(sipRequest(good), 'Max-Forwards: 70', 'Max-Forwards: 0'))
    assert.equal(startLine(answer), 'SIP/2.0 483 Too Many Hops')
  })

  test('another version of SIP: 505', async () => {
    const { answer } = await refused(changed(sipRequest(good), ' SIP/2.0', ' SIP/3.0'))
    assert.equal(startLine(answer), 'SIP/2.0 505 Version Not Supported')
  })

  for (const uri of ['mailto:bob@example.com', 'nobodyKnowsThisScheme:totallyopaquecontent']) {
    test(`${uri}: 416`, async () => {
      const { answer } = await refused(sipRequest({ ...good, uri }))
      assert.equal(startLine(answer), 'SIP/2.0 416 Unsupported URI Scheme')
    })
  }

  test('tel: is no way of its own (416), but passes where the way is known', async () => {
    const request = { ...good, uri: 'tel:+15551234' }
    phone.send(sipRequest(request))
    assert.equal(startLine(await core.next()), 'INVITE tel:+15551234 SIP/2.0')
    const other = await cast.coreServer()
    assert.equal(startLine((await other.request(request)).answer), 'SIP/2.0 416 Unsupported URI Scheme')
    other.send(sipRequest({ ...request, headers: [`Route: ${await pathTo(called, core)}`] }))
    assert.equal(startLine(await called.next()), 'INVITE tel:+15551234 SIP/2.0')
  })

  test('extensions a proxy would have to know: 420 that names them all', async () => {
    const headers = ['Proxy-Require: gin, sec-agree', 'Proxy-Require: privacy']
    const { answer } = await refused(sipRequest({ ...good, headers }))
    assert.equal(startLine(answer), 'SIP/2.0 420 Bad Extension')
    assert.deepEqual(headersOf(answer, 'Unsupported'), ['gin, sec-agree, privacy'])
  })

  test('but a CANCEL, which has to follow its INVITE, is relayed with the same Proxy-Require', async () => {
    phone.send(sipRequest({ ...good, method: 'CANCEL', headers: ['Proxy-Require: gin'] }))
    assert.match(startLine(await core.next()), /^CANCEL /)
  })

  test('a Require is none of our business', async () => {
    phone.send(sipRequest({ ...good, headers: ['Require: 100rel'] }))
    assert.equal(headerOf(await core.next(), 'Require'), '100rel')
  })
})

describe('our answers', () => {
  const broken = changed(sipRequest(good), /^CSeq:.*/m, 'CSeq: 7 BYE')

  test('say where the request came from (RFC 3261 §18.2.1, RFC 3581)', async () => {
    const port = phone.address.split(':')[1]
    const topmost = async (via: string): Promise<string | undefined> => {
      const { answer } = await refused(changed(sipRequest({ ...good, via }), 'Max-Forwards: 70', 'Max-Forwards: 0'))
      return headerOf(answer, 'Via')
    }
    const via = 'SIP/2.0/TLS 192.0.2.10:50000;branch=z9hG4bKa'
    assert.equal(await topmost(via), `${via};received=127.0.0.1`)
    assert.equal(await topmost(`${via};rport`), `${via};rport=${port};received=127.0.0.1`)
    assert.equal(
      await topmost('SIP/2.0/TLS 127.0.0.1;rport;branch=z9hG4bKa'),
      `SIP/2.0/TLS 127.0.0.1;rport=${port};branch=z9hG4bKa;received=127.0.0.1`,
    )
    assert.equal(await topmost('SIP/2.0/TLS 127.0.0.1;branch=z9hG4bKa'), 'SIP/2.0/TLS 127.0.0.1;branch=z9hG4bKa')
    // What the client claims is not believed.
    assert.equal(await topmost(`${via};received=192.0.2.99`), `${via};received=127.0.0.1`)
    // Only the topmost is about this hop.
    const below = 'SIP/2.0/UDP 192.0.2.20;rport;branch=z9hG4bKb'
    assert.equal(await topmost(`${via}, ${below}`), `${via};received=127.0.0.1, ${below}`)
  })

  test('hold all Via headers in their order', async () => {
    const vias = ['SIP/2.0/TCP 192.0.2.20;branch=z9hG4bKb', 'SIP/2.0/UDP 192.0.2.30;branch=z9hG4bKc']
    const request = changed(broken, /^Max-Forwards/m, `Via: ${vias[0]}\r\nv: ${vias[1]}\r\nMax-Forwards`)
    const { answer } = await refused(request)
    const lines = answer.toString('latin1').split('\r\n')
    assert.deepEqual(lines.slice(1, 4), [
      `Via: ${headerOf(request, 'Via')};received=127.0.0.1`,
      `Via: ${vias[0]}`,
      `v: ${vias[1]}`,
    ])
  })

  test('have the same To tag for retransmissions, another for another request, and none but the one that came', async () => {
    const tagOf = (answer: Buffer): string | undefined => /;tag=(\S+)$/.exec(headerOf(answer, 'To')!)?.[1]
    const first = tagOf((await refused(broken)).answer)
    assert.match(first!, /^\w{8,}$/)
    assert.equal(tagOf((await refused(broken)).answer), first)
    assert.notEqual(tagOf((await refused(changed(broken, /^Call-ID: /m, 'Call-ID: x'))).answer), first)
    const withTag = changed(broken, /^To: (?:.*)/m, 'To: <sip:bob@example.com>;tag=theirs')
    assert.equal(headerOf((await refused(withTag)).answer, 'To'), '<sip:bob@example.com>;tag=theirs')
  })

  test('come to the server that asked as well', async () => {
    const other = await cast.coreServer()
    const { answer } = await other.request(changed(sipRequest(good), 'Max-Forwards: 70', 'Max-Forwards: 0'))
    assert.equal(startLine(answer), 'SIP/2.0 483 Too Many Hops')
  })
})

describe('no answer at all', () => {
  const droppedOf = async (): Promise<number> => {
    const { requestsDropped } = (await scene.gateway.status()).edge!
    return Object.values(requestsDropped).reduce((sum, count) => sum + count, 0)
  }
  const unanswerable: readonly (readonly [what: string, request: Buffer])[] = [
    ...(
      [
        ['without a hop left', 'Max-Forwards: 70', 'Max-Forwards: 0'],
        ['of another version', ' SIP/2.0', ' SIP/3.0'],
        ['to a mailto: URI', 'sip:bob@example.com', 'mailto:bob@example.com'],
        ['without Call-ID', /^Call-ID:.*\r\n/m, ''],
        ['with a broken Route', /^To:/m, 'Route: nonsense\r\nTo:'],
      ] as const
    ).map(
      ([what, found, replacement]) =>
        [`an ACK ${what}`, changed(sipRequest({ ...good, method: 'ACK' }), found, replacement)] as const,
    ),
    ['a request without Via, which says nowhere to answer to', changed(sipRequest(good), /^Via:.*\r\n/m, '')],
  ]

  for (const [what, request] of unanswerable) {
    test(`${what} is dropped and counted`, async () => {
      const [received, dropped] = [phone.received.length, await droppedOf()]
      phone.send(request)
      await nothingMoreComes(phone, core)
      const { answer } = await phone.request(changed(sipRequest(good), 'Max-Forwards: 70', 'Max-Forwards: 0'))
      assert.equal(startLine(answer), 'SIP/2.0 483 Too Many Hops')
      assert.equal(phone.received.length, received + 1, 'nothing but the answer to the request behind it')
      assert.equal(await droppedOf(), dropped + 1)
    })
  }
})

describe('the ACK for an answer of ours (RFC 3261 §8.2.7)', () => {
  const invite = changed(sipRequest(good), 'Max-Forwards: 70', 'Max-Forwards: 0')
  const ackOf = (to: string): Buffer => {
    const ack = changed(changed(invite, /^INVITE/, 'ACK'), /^CSeq: 1 INVITE/m, 'CSeq: 1 ACK')
    return changed(changed(ack, 'Max-Forwards: 0', 'Max-Forwards: 70'), /^To: .*/m, `To: ${to}`)
  }

  test('ends here: our servers know nothing of its INVITE', async () => {
    const { answer } = await refused(invite)
    phone.send(ackOf(headerOf(answer, 'To')!))
    await nothingMoreComes(phone, core)
  })

  test('is told by our tag: one for an answer of theirs goes on', async () => {
    phone.send(ackOf('<sip:bob@example.com>;tag=0123456789abcdef'))
    assert.match(startLine(await core.next()), /^ACK /)
  })
})

test('every answer was counted by its status', async () => {
  const own = phone.received.filter((message) => /^SIP\/2\.0 (?:4|5)/.test(startLine(message)))
  const { answered } = (await scene.gateway.status()).edge!
  const ofPhone = own.reduce<Record<string, number>>((counts, answer) => {
    const status = startLine(answer).split(' ')[1]!
    counts[status] = (counts[status] ?? 0) + 1
    return counts
  }, {})
  // The others came from our servers.
  assert.deepEqual(answered, {
    ...ofPhone,
    400: ofPhone['400']! + 3,
    416: ofPhone['416']! + 1,
    483: ofPhone['483']! + 1,
  })
})
