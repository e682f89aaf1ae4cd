/** The made-up call of hepgate hep-test: SIP that collectors and our own checks take, in an order that can have happened. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeMessages, probeMs } from '../../../src/cli/probe-call.js'
import { checkRequest, checkResponse } from '../../../src/sip/check.js'
import { SipMessage } from '../../../src/sip/message.js'
import { headerOf, splitMessages, startLine } from '../../support/sip.js'

const messages = probeMessages('the-call', 'the-registration', 'hepgate/1.2.3')
const buffers = messages.map(({ text }) => Buffer.from(text))

test('each message is one whole SIP message that our own checks let pass', () => {
  const message = new SipMessage()
  for (const buf of buffers) {
    assert.deepEqual(splitMessages(buf), { messages: [buf], crlfs: 0, rest: Buffer.alloc(0) })
    message.read(buf, 0, buf.indexOf('\r\n\r\n') + 4, buf.length)
    assert.equal(message.isRequest ? checkRequest(message) : checkResponse(message), undefined, buf.toString())
  }
})

test('it is a registration and a call from INVITE to BYE, each with its Call-ID', () => {
  assert.deepEqual(
    messages.map(({ direction, callId }, i) => [direction, callId, startLine(buffers[i]!).replace(/ sip:\S+/, '')]),
    [
      ['in', 'the-registration', 'REGISTER SIP/2.0'],
      ['out', 'the-registration', 'SIP/2.0 200 OK'],
      ['in', 'the-call', 'INVITE SIP/2.0'],
      ['out', 'the-call', 'SIP/2.0 100 Trying'],
      ['out', 'the-call', 'SIP/2.0 180 Ringing'],
      ['out', 'the-call', 'SIP/2.0 200 OK'],
      ['in', 'the-call', 'ACK SIP/2.0'],
      ['in', 'the-call', 'BYE SIP/2.0'],
      ['out', 'the-call', 'SIP/2.0 200 OK'],
    ],
  )
  for (const [i, { callId }] of messages.entries()) assert.equal(headerOf(buffers[i]!, 'Call-ID'), callId)
})

test('responses belong to their requests, and the ACK of a 200 is a transaction of its own', () => {
  const via = (i: number) => headerOf(buffers[i]!, 'Via')
  assert.deepEqual([via(1), via(3), via(4), via(5), via(8)], [via(0), via(2), via(2), via(2), via(7)])
  assert.equal(new Set([0, 2, 6, 7].map(via)).size, 4)
})

test('times go up and end before the connection does', () => {
  const times = messages.map(({ afterMs }) => afterMs)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.ok(times[0]! > 0 && times.at(-1)! < probeMs)
})

test('nobody exists who is named in it', () => {
  for (const buf of buffers) {
    const hosts = buf.toString().match(/@[a-z0-9.]+|\d+\.\d+\.\d+\.\d+/g) ?? []
    for (const host of hosts) assert.match(host, /^(?:@hepgate\.invalid|@?192\.0\.2\.10|198\.51\.100\.1)$/)
  }
})
