/** Without an upstream the gateway answers itself, so that the first phone can be tried before there is a server. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { reconfigure } from '../support/reconfigure.js'
import { startScene } from '../support/scene.js'
import { headerOf, headersOf, sipRequest, startLine } from '../support/sip.js'
import { SipServer } from '../support/sip-server.js'

const scene = await startScene({ after }, { relay: { mode: 'edge', upstream: [] } })
const phone = await scene.client()

test('a phone can register, and is told its own contact with an expiry', async () => {
  const contact = '<sip:alice@192.0.2.10:50000;transport=tls;ob>'
  const { request, answer } = await phone.request({
    method: 'REGISTER',
    uri: 'sip:example.com',
    contact,
    headers: ['Expires: 600'],
  })
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  assert.deepEqual(headersOf(answer, 'Contact'), [`${contact};expires=600`])
  assert.deepEqual(headersOf(answer, 'Via').length, 1)
  assert.equal(headerOf(answer, 'CSeq'), headerOf(request, 'CSeq'))
})

test('OPTIONS to a user gets 200, a call a 404 that says what is missing', async () => {
  const options = await phone.request({ uri: 'sip:bob@example.com' })
  assert.equal(startLine(options.answer), 'SIP/2.0 200 OK')
  const call = await phone.request({ method: 'INVITE', uri: 'sip:bob@example.com' })
  assert.equal(startLine(call.answer), 'SIP/2.0 404 Not Found')
  assert.match(headerOf(call.answer, 'Warning')!, /relay\.upstream/)
})

test('an ACK gets nothing', async () => {
  phone.send(sipRequest({ method: 'ACK', uri: 'sip:bob@example.com' }))
  const { answer } = await phone.request({ uri: 'sip:bob@example.com' })
  assert.equal(headerOf(answer, 'CSeq'), '1 OPTIONS')
})

test('it is an upstream like any other: up, in the status, and both legs are in the trace', async () => {
  const { request } = await phone.request({ method: 'REGISTER', uri: 'sip:example.com' })
  const legs = () =>
    scene.collector.records.filter(
      ({ type, correlation }) => type === 1 && correlation === headerOf(request, 'Call-ID'),
    )
  await scene.status('four messages', () => legs().length === 4)
  assert.deepEqual(
    legs().map(({ chunks }) => chunks.get(0x02)![0]),
    [22, 6, 6, 22],
  )
  const { upstreams } = await scene.gateway.status()
  assert.deepEqual(
    upstreams.map(({ state, connections }) => [state, connections]),
    [['up', 1]],
  )
  assert.match(upstreams[0]!.uri, /^built-in responder/)
  assert.equal((await fetch(`${scene.gateway.apiUrl}/readyz`)).status, 200)
})

test('with a reload a server takes its place, and back', async (t) => {
  const server = await SipServer.start(t)
  const callId = 'first@server'
  await reconfigure(scene.gateway, ({ relay }) => Object.assign(relay!, { upstream: [server.uri] }))
  assert.equal(
    startLine((await phone.request({ method: 'INVITE', uri: 'sip:bob@example.com', callId })).answer),
    'SIP/2.0 200 OK',
  )
  assert.ok(server.requests.some((request) => headerOf(request, 'Call-ID') === callId))
  await reconfigure(scene.gateway, ({ relay }) => Object.assign(relay!, { upstream: [] }))
  const { answer } = await phone.request({ method: 'INVITE', uri: 'sip:bob@example.com' })
  assert.equal(startLine(answer), 'SIP/2.0 404 Not Found')
})
