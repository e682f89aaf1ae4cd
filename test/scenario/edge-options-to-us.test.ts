/** OPTIONS that asks the gateway itself is answered by it (RFC 3261 §11.2); any other goes where its URI says. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { nothingMoreComes, startEdgeCast } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { changed, headerOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import { SipDatagrams } from '../support/sip-datagrams.js'

const scope = { after }
// A URI without port means tls_port: so one socket listens there.
const [name, port] = ['edge.example.com', await freePort()]
const cast = await startEdgeCast(scope, { socket: [`tls:127.0.0.1:${port} AS ${name}`], proto_tls: { tls_port: port } })
const { core, corePort } = cast
const [phone, server, udp] = [await cast.phone({ port }), await cast.coreServer(), await SipDatagrams.start(scope)]

/** How we can be meant. */
const names = {
  'the advertised name': `sip:${name}`,
  'the advertised name in other letters, with its port': `sip:${name.toUpperCase()}:${port}`,
  'the advertised name, secure': `sips:${name}`,
  'the address of the edge': `sip:127.0.0.1:${port};transport=tls`,
  'the address of the core': `sip:127.0.0.1:${corePort};transport=tcp`,
}

function assertOk(answer: Buffer): void {
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  assert.match(headerOf(answer, 'To')!, /;tag=\w{8,}$/)
  assert.equal(headerOf(answer, 'Accept'), 'application/sdp')
  assert.match(headerOf(answer, 'Supported')!, /\bpath\b/)
  assert.equal(headerOf(answer, 'Content-Length'), '0')
}

for (const [what, uri] of Object.entries(names)) {
  describe(`by ${what}`, () => {
    test('from the edge', async () => {
      assertOk((await phone.request({ uri })).answer)
      await nothingMoreComes(phone, core)
    })

    test('from the core, over TCP', async () => assertOk((await server.request({ uri, transport: 'TCP' })).answer))

    test('from the core, over UDP', async () => {
      udp.send(sipRequest({ uri, transport: 'UDP', via: `SIP/2.0/UDP ${udp.address};rport;branch=z9hG4bKa` }), corePort)
      const answer = await udp.next()
      assertOk(answer)
      assert.equal(
        headerOf(answer, 'Via'),
        `SIP/2.0/UDP ${udp.address};rport=${udp.port};branch=z9hG4bKa;received=127.0.0.1`,
      )
    })
  })
}

test('with a Route to us, which comes off first', async () => {
  assertOk((await phone.request({ uri: `sip:${name}`, headers: [`Route: <sip:${name};lr>`] })).answer)
})

test('a retransmission has the same answer, and neither goes on to the core', async () => {
  const before = phone.received.length
  const request = sipRequest({ uri: `sip:${name}` })
  phone.send(Buffer.concat([request, request]))
  const answers = [await phone.next(), await phone.next()]
  assert.deepEqual(answers[0], answers[1])
  await nothingMoreComes(phone, core)
  assert.equal(phone.received.length, before + 2)
})

describe('what the core has to answer', () => {
  const others: readonly (readonly [what: string, fields: RequestFields])[] = [
    ['a user at our name', { uri: `sip:bob@${name}` }],
    ['a user at our address', { uri: `sip:bob@127.0.0.1:${port}` }],
    ['another domain', { uri: 'sip:example.com' }],
    ['another port of our address', { uri: `sip:127.0.0.1:${cast.upstream.port}` }],
    ['our name with a Route to somebody else', { uri: `sip:${name}`, headers: ['Route: <sip:192.0.2.9;lr>'] }],
    ['our name, but another method', { method: 'REGISTER', uri: `sip:${name}` }],
  ]
  for (const [what, fields] of others) {
    test(what, async () => {
      phone.send(sipRequest(fields))
      const request = await core.next()
      assert.equal(startLine(request), `${fields.method ?? 'OPTIONS'} ${fields.uri} SIP/2.0`)
      core.answer(request)
      assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK')
    })
  }
})

test('one that may go no further, or needs a proxy that knows more, has arrived: those are matters of going on', async () => {
  const noHopLeft = changed(sipRequest({ uri: `sip:${name}` }), 'Max-Forwards: 70', 'Max-Forwards: 0')
  assertOk((await phone.request(noHopLeft)).answer)
  assertOk((await phone.request({ uri: `sip:${name}`, headers: ['Proxy-Require: gin'] })).answer)
  const further = changed(sipRequest({ uri: `sip:bob@${name}` }), 'Max-Forwards: 70', 'Max-Forwards: 0')
  assert.equal(startLine((await phone.request(further)).answer), 'SIP/2.0 483 Too Many Hops')
})
