/** What a datagram may be too small for is sent all the same, and the operator hears of it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { headerOf, sipAnswer, sipRequest, startLine } from '../support/sip.js'
import { startUdpCast } from '../support/udp-cast.js'
import { until } from '../support/wait.js'

const cast = await startUdpCast({ after })
const { scene, upstream, corePort } = cast
const warning = /larger than 1300 bytes.*RFC 3261 §18\.1\.1/

async function counted(): Promise<number> {
  return (await scene.gateway.status()).edge!.largeDatagrams
}

test('a message that fits into a packet is nothing to warn of', async () => {
  const phone = await cast.phone()
  phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com', body: 'x'.repeat(500) }))
  assert.ok((await upstream.next()).length <= 1300)
  assert.equal(await counted(), 0)
  assert.doesNotMatch(scene.gateway.process.output, warning)
})

for (const bytes of [1300, 20_000, 60_000]) {
  test(`a body of ${bytes} bytes arrives whole, in both directions, and is counted`, async () => {
    const before = await counted()
    const body = 'y'.repeat(bytes)
    const { phone, path } = await cast.registered()
    phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com', body }))
    const arrived = await upstream.next()
    assert.ok(arrived.toString('latin1').endsWith(`\r\n\r\n${body}`))
    assert.equal(await counted(), before + 1)

    upstream.send(sipRequest({ method: 'MESSAGE', headers: [`Route: ${path}`], body }), corePort)
    assert.ok((await phone.next()).toString('latin1').endsWith(`\r\n\r\n${body}`))
    assert.equal(await counted(), before + 1, 'what comes in is not ours to warn of')
  })
}

test('the log says it once, and what to do', async () => {
  await until('the warning', () => warning.test(scene.gateway.process.output))
  assert.equal(scene.gateway.process.output.match(new RegExp(warning, 'g'))?.length, 1)
})

test('what no datagram can hold is counted as lost, and the next message goes', async () => {
  const phone = await cast.phone()
  const tooLarge = { method: 'MESSAGE', uri: 'sip:bob@example.com', body: 'z'.repeat(65_100) }
  const { length } = sipRequest(tooLarge)
  assert.ok(length <= 65_535, 'TLS takes it')
  phone.send(sipRequest(tooLarge))
  const next = sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' })
  phone.send(next)
  const arrived = await upstream.next()
  assert.equal(headerOf(arrived, 'Call-ID'), headerOf(next, 'Call-ID'))
  upstream.send(sipAnswer(arrived), corePort)
  assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK')
  await scene.status('one that is lost', ({ messages }) => messages.lost['message-too-large'] === 1)
})
