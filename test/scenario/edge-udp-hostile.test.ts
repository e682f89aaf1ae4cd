/** Datagrams that are no SIP, or lie: they reach nobody, and harm nothing. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { changed, headerOf, headersOf, sipAnswer, sipRequest, startLine } from '../support/sip.js'
import { startUdpCast } from '../support/udp-cast.js'
import { until } from '../support/wait.js'

const cast = await startUdpCast({ after })
const { scene, upstream, corePort } = cast
const { phone, path } = await cast.registered()

/** A request of the core that reaches the phone: what was sent before it from the same socket has been dealt with. */
async function assertStillServed(sender = upstream): Promise<void> {
  const before = phone.received.length
  const request = sipRequest({ method: 'MESSAGE', transport: 'UDP', headers: [`Route: ${path}`] })
  sender.send(request, corePort)
  const arrived = await phone.next()
  assert.equal(headerOf(arrived, 'Call-ID'), headerOf(request, 'Call-ID'), `this came through:\n${arrived}`)
  assert.equal(phone.received.length, before + 1)
  phone.answer(arrived)
  assert.equal(startLine(await sender.next()), 'SIP/2.0 200 OK')
}

async function dropped(): Promise<Readonly<Record<string, number>>> {
  return (await scene.gateway.status()).edge!.responsesDropped
}

async function peers(): Promise<number> {
  const { listeners } = await scene.gateway.status()
  return listeners.find(({ socket }) => socket.startsWith('udp:'))!.connections
}

const garbage: [string, () => Buffer | string][] = [
  ['nothing', () => ''],
  ['a keep-alive', () => '\r\n\r\n'],
  ['NULs', () => Buffer.alloc(4)],
  ['random bytes', () => randomBytes(700)],
  ['HTTP', () => 'GET / HTTP/1.1\r\nHost: sip.example.com\r\n\r\n'],
  ['half a head', () => sipRequest({ headers: [`Route: ${path}`] }).subarray(0, 150)],
  ['DNS', () => Buffer.from('123401000001000000000000076578616d706c6503636f6d0000010001', 'hex')],
  ['HEP', () => Buffer.concat([Buffer.from('HEP3'), randomBytes(60)])],
  [
    'a line that ends in LF alone',
    () => changed(sipRequest({ headers: [`Route: ${path}`] }), 'Max-Forwards: 70\r\n', 'Max-Forwards: 70\n'),
  ],
]
for (const [what, bytes] of garbage) {
  test(`${what}: nobody gets it, nothing is answered, and no peer is made of who sent it`, async () => {
    const before = await peers()
    const stranger = await cast.coreServer()
    for (let i = 0; i < 20; i++) stranger.send(bytes(), corePort)
    await assertStillServed()
    assert.deepEqual(stranger.received, [])
    assert.equal(await peers(), before)
  })
}

test('a truncated request is answered 400, and goes nowhere', async () => {
  const server = await cast.coreServer()
  const whole = sipRequest({
    method: 'MESSAGE',
    transport: 'UDP',
    headers: [`Route: ${path}`],
    body: 'a body of some length',
  })
  server.send(whole.subarray(0, whole.length - 1), corePort)
  const answer = await server.next()
  assert.match(startLine(answer), /^SIP\/2\.0 400 .*Content-Length/)
  assert.equal(headerOf(answer, 'Call-ID'), headerOf(whole, 'Call-ID'))
  await assertStillServed(server)
})

for (const length of ['abc', '-1', '99999999999', '0\r\nContent-Length: 4']) {
  test(`a request with Content-Length ${JSON.stringify(length)} is answered 400`, async () => {
    const server = await cast.coreServer()
    const request = sipRequest({ method: 'MESSAGE', transport: 'UDP', headers: [`Route: ${path}`] })
    server.send(changed(request, 'Content-Length: 0', `Content-Length: ${length}`), corePort)
    assert.match(startLine(await server.next()), /^SIP\/2\.0 400 /)
    await assertStillServed(server)
  })
}

test('a truncated ACK is not answered', async () => {
  const server = await cast.coreServer()
  const ack = sipRequest({ method: 'ACK', transport: 'UDP', headers: [`Route: ${path}`], body: 'cut' })
  server.send(ack.subarray(0, -1), corePort)
  await assertStillServed(server)
  assert.equal(server.received.length, 1)
})

test('a truncated answer is dropped', async () => {
  const request = sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' })
  phone.send(request)
  const arrived = await upstream.next()
  upstream.send(changed(sipAnswer(arrived), 'Content-Length: 0', 'Content-Length: 10'), corePort)
  upstream.send(sipAnswer(arrived, '202 Accepted'), corePort)
  assert.equal(startLine(await phone.next()), 'SIP/2.0 202 Accepted')
})

test('what lies behind the body of a message is left out', async () => {
  const request = sipRequest({ method: 'MESSAGE', transport: 'UDP', headers: [`Route: ${path}`], body: 'whole' })
  upstream.send(Buffer.concat([request, sipRequest({ method: 'BYE', headers: [`Route: ${path}`] })]), corePort)
  const arrived = await phone.next()
  assert.equal(startLine(arrived).split(' ')[0], 'MESSAGE')
  assert.ok(arrived.toString('latin1').endsWith('\r\n\r\nwhole'))
  phone.answer(arrived)
  await upstream.next()
  await assertStillServed()
})

test('an answer that nobody asked for is dropped and counted: forged, changed, replayed from the other side', async () => {
  const before = await dropped()
  phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' }))
  const towardsCore = await upstream.next()
  upstream.send(sipRequest({ method: 'MESSAGE', transport: 'UDP', headers: [`Route: ${path}`] }), corePort)
  const towardsPhone = await phone.next()

  const answer = sipAnswer(towardsCore)
  const ours = headersOf(answer, 'Via')[0]!
  const branch = /branch=([^;]+)/.exec(ours)![1]!
  const other = /branch=([^;]+)/.exec(headersOf(towardsPhone, 'Via')[0]!)![1]!
  const lies = [
    changed(answer, branch, 'z9hG4bKhg1.0000000000000000.0000000000000000'),
    changed(answer, branch, `${branch.slice(0, -1)}${branch.endsWith('0') ? '1' : '0'}`),
    changed(answer, branch, other),
    changed(answer, `${ours}\r\n`, 'SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKnobody\r\n'),
  ]
  const stranger = await cast.coreServer()
  for (const lie of lies) stranger.send(lie, corePort)
  await until(
    'four that are dropped',
    async () => (await dropped())['not-ours'] === (before['not-ours'] ?? 0) + lies.length,
  )
  upstream.send(answer, corePort)
  assert.equal(headerOf(await phone.next(), 'Call-ID'), headerOf(towardsCore, 'Call-ID'))
  assert.deepEqual(stranger.received, [])
  phone.answer(towardsPhone)
  await upstream.next()
})

test('an answer that is malformed is dropped and counted', async () => {
  phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' }))
  const answer = sipAnswer(await upstream.next())
  upstream.send(changed(answer, /CSeq: .*\r\n/, ''), corePort)
  await until('a malformed one', async () => (await dropped()).malformed === 1)
  upstream.send(answer, corePort)
  assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK')
})

test('a flow token that is forged is answered 403 over UDP as well', async () => {
  const server = await cast.coreServer()
  server.send(
    sipRequest({ method: 'MESSAGE', transport: 'UDP', headers: [`Route: ${path.replace(/sip:..../, 'sip:AAAA')}`] }),
    corePort,
  )
  assert.match(startLine(await server.next()), /^SIP\/2\.0 403 /)
})
