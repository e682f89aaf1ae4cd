/** The built-in responder, which is all there is behind a gateway that was just installed, is not stalled by odd headers. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'

const gateway = await startGatewayProcess({ after }, {})
const client = await SipClient.connect({ port: gateway.port })

test('ten contacts with 60,000 spaces each are answered at once', async () => {
  const contact = `<sip:alice@192.0.2.10>${' '.repeat(60_000)};q=1`
  const requests = Array.from({ length: 10 }, () => sipRequest({ method: 'REGISTER', contact }))
  for (const request of requests) client.send(request)
  // Reading them in quadratic time takes some 20 s.
  for (const _ of requests) assert.equal(startLine(await client.next(5000)), 'SIP/2.0 200 OK')
})

test('a folded contact comes back in one line', async () => {
  const contact = '<sip:alice@192.0.2.10>\r\n \t;q=1\r\n ;x=2'
  const { answer } = await client.request(sipRequest({ method: 'REGISTER', contact }))
  assert.equal(headerOf(answer, 'Contact'), '<sip:alice@192.0.2.10> ;q=1 ;x=2;expires=3600')
})
