/** Servers that speak UDP: requests and answers in both directions, each in a datagram of its own. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { networkOf } from '../support/hep-network.js'
import { changed, headerOf, headersOf, type RequestFields, sipAnswer, sipRequest, startLine } from '../support/sip.js'
import { startUdpCast } from '../support/udp-cast.js'
import { until } from '../support/wait.js'

const cast = await startUdpCast({ after })
const { scene, upstream, corePort } = cast
const us = `127.0.0.1:${corePort}`

/** A request of a server over UDP to a phone. */
function toPhone(path: string, fields: RequestFields = {}): Buffer {
  return sipRequest({
    method: 'MESSAGE',
    uri: 'sip:bob@example.com',
    transport: 'UDP',
    ...fields,
    headers: [`Route: ${path}`, ...(fields.headers ?? [])],
  })
}

test('a request of a phone goes to the upstream in one datagram, by a Via that asks for rport, and its answer back', async () => {
  const phone = await cast.phone()
  const request = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', body: 'v=0\r\n' })
  phone.send(request)
  const arrived = await upstream.next()
  const [ours, theirs] = headersOf(arrived, 'Via')
  assert.match(ours!, new RegExp(`^SIP/2\\.0/UDP ${us};branch=z9hG4bK\\S+;rport$`))
  assert.match(theirs!, /^SIP\/2\.0\/TLS 192\.0\.2\.10:50000;branch=/)
  assert.match(
    headerOf(arrived, 'Record-Route')!,
    new RegExp(`^<sip:${us};transport=udp;lr>, <sip:\\S+;transport=tls;lr\\S*>$`),
  )
  assert.ok(arrived.toString('latin1').endsWith('\r\n\r\nv=0\r\n'))

  const answer = sipAnswer(arrived, '183 Session Progress', ['Subject: kept'])
  upstream.send(changed(answer, ';rport', `;received=127.0.0.1;rport=${corePort}`), corePort)
  const got = await phone.next()
  assert.equal(startLine(got), 'SIP/2.0 183 Session Progress')
  assert.deepEqual([headersOf(got, 'Via').length, headerOf(got, 'Subject')], [1, 'kept'])
  assert.equal(headerOf(got, 'Via'), theirs)
})

test('a request of the upstream goes to the phone whose Path it has, and the answer back', async () => {
  const { phone, path } = await cast.registered()
  assert.match(path, new RegExp(`^<sip:[\\w-]+@${us};transport=udp;lr;ob>$`))
  upstream.send(toPhone(path), corePort)
  const arrived = await phone.next()
  assert.deepEqual(headersOf(arrived, 'Route'), [])
  assert.match(headersOf(arrived, 'Via')[0]!, /^SIP\/2\.0\/TLS sip\.example\.com:\d+;branch=z9hG4bK/)
  phone.answer(arrived)
  assert.equal(startLine(await upstream.next()), 'SIP/2.0 200 OK')
})

test('a server that nobody configured can call too, and gets the answer where its request came from', async () => {
  const [server, { phone, path }] = [await cast.coreServer(), await cast.registered()]
  // RFC 3581: its Via names an address where nobody is.
  const via = 'SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bKrport;rport'
  const request = toPhone(path, { via })
  server.send(request, corePort)
  const arrived = await phone.next()
  assert.equal(headersOf(arrived, 'Via')[1], via.replace(';rport', `;rport=${server.port};received=127.0.0.1`))
  phone.answer(arrived)
  const answer = await server.next()
  assert.equal(headerOf(answer, 'Call-ID'), headerOf(request, 'Call-ID'))
  assert.equal(headersOf(answer, 'Via').length, 1)
})

for (const body of ['', 'a body\r\n\r\nof two parts']) {
  test(`a message without Content-Length gets one towards TLS, ${body === '' ? 'without' : 'with'} a body`, async () => {
    const { phone, path } = await cast.registered()
    const bare = (message: Buffer): Buffer => changed(message, /Content-Length: \d+\r\n/, '')
    upstream.send(bare(toPhone(path, { body })), corePort)
    const request = await phone.next()
    assert.deepEqual(headersOf(request, 'Content-Length'), [String(body.length)])
    assert.ok(request.toString('latin1').endsWith(`\r\n\r\n${body}`))
    phone.answer(request)
    await upstream.next()

    phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' }))
    const answer = Buffer.concat([bare(sipAnswer(await upstream.next())), Buffer.from(body)])
    upstream.send(answer, corePort)
    const got = await phone.next()
    assert.deepEqual(headersOf(got, 'Content-Length'), [String(body.length)])
    assert.ok(got.toString('latin1').endsWith(`\r\n\r\n${body}`))
  })
}

test('many in flight: each answer comes to the phone that asked, in whatever order they come', async () => {
  const phones = [await cast.phone(), await cast.phone(), await cast.phone()]
  const asked = phones.map((phone, who) =>
    Array.from({ length: 40 }, (_, i) => {
      const request = sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com', callId: `flight-${who}-${i}` })
      phone.send(request)
      return headerOf(request, 'Via')!
    }),
  )
  const arrived: Buffer[] = []
  while (arrived.length < 120) arrived.push(await upstream.next())
  for (const request of arrived.reverse()) upstream.send(sipAnswer(request), corePort)
  for (const [who, phone] of phones.entries()) {
    await until('all answers', () => phone.received.length === 40)
    const vias = phone.received.map((answer) => headerOf(answer, 'Via')!.replace(/;received=127\.0\.0\.1$/, ''))
    assert.deepEqual(new Set(vias), new Set(asked[who]))
  }
})

test('and the other way round: calls of two servers to two phones', async () => {
  const servers = [await cast.coreServer(), await cast.coreServer()]
  const callees = [await cast.registered(), await cast.registered()]
  for (let i = 0; i < 20; i++) {
    for (const [s, server] of servers.entries()) {
      for (const [c, { path }] of callees.entries())
        server.send(toPhone(path, { callId: `from-${s}-to-${c}-${i}` }), corePort)
    }
  }
  for (const [c, { phone }] of callees.entries()) {
    for (let i = 0; i < 40; i++) {
      const request = await phone.next()
      assert.match(headerOf(request, 'Call-ID')!, new RegExp(`-to-${c}-`))
      phone.answer(request)
    }
  }
  for (const [s, server] of servers.entries()) {
    await until('all answers', () => server.received.length === 40)
    for (const answer of server.received) assert.match(headerOf(answer, 'Call-ID')!, new RegExp(`^from-${s}-`))
  }
})

test('what a server sends twice comes twice, with one branch: the phone knows a retransmission by it', async () => {
  const { phone, path } = await cast.registered()
  const request = toPhone(path)
  upstream.send(request, corePort)
  upstream.send(request, corePort)
  const [one, two] = [await phone.next(), await phone.next()]
  assert.deepEqual(one, two)
})

test('OPTIONS to our own address over UDP is answered', async () => {
  const server = await cast.coreServer()
  server.send(sipRequest({ uri: `sip:${us}`, transport: 'UDP' }), corePort)
  assert.equal(startLine(await server.next()), 'SIP/2.0 200 OK')
})

test('both legs of a message are in the trace: TLS as protocol 22, UDP as 17', async () => {
  const { phone, path } = await cast.registered()
  const request = toPhone(path)
  upstream.send(request, corePort)
  phone.answer(await phone.next())
  const callId = headerOf(request, 'Call-ID')
  const records = () => scene.collector.records.filter(({ type, correlation }) => type === 1 && correlation === callId)
  await until('four messages', () => records().length === 4)
  const phoneEnd = phone.address
  assert.deepEqual(
    records().map((record) => {
      const { protocol, source, destination } = networkOf(record)
      return [startLine(record.payload).split(' ')[0], protocol, source, destination]
    }),
    [
      ['MESSAGE', 17, upstream.address, us],
      ['MESSAGE', 22, phone.remoteAddress, phoneEnd],
      ['SIP/2.0', 22, phoneEnd, phone.remoteAddress],
      ['SIP/2.0', 17, us, upstream.address],
    ],
  )
  assert.deepEqual(records()[0]!.payload, request)
})
