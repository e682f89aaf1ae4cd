/**
 * The torture messages of RFC 4475 through the parts of edge mode that judge them. How they are framed is in
 * test/unit/sip/torture.test.ts; a gateway that gets them in test/scenario/edge-torture.test.ts.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRequest, checkResponse } from '../../src/sip/check.js'
import { SipDatagram } from '../../src/sip/datagram.js'
import { SipFramer } from '../../src/sip/framer.js'
import { SipMessage } from '../../src/sip/message.js'
import { tortureBytes, tortureNames, tortures } from '../support/rfc4475.js'

const message = new SipMessage()

function judged(buf: Buffer, start: number, bodyStart: number, end: number): string {
  message.read(buf, start, bodyStart, end)
  if (!message.isRequest) {
    const reason = checkResponse(message)
    return reason === undefined ? 'relayed' : `dropped: ${reason}`
  }
  const refusal = checkRequest(message)
  return refusal === undefined ? 'relayed' : `${refusal.status} ${refusal.reason}`
}

function onStream(bytes: Buffer): string {
  const outcomes: string[] = []
  const sink = {
    onMessage: (buf: Buffer, start: number, bodyStart: number, end: number) => {
      outcomes.push(judged(buf, start, bodyStart, end))
    },
    onPing() {},
    onCrlf() {},
  }
  const limits = { maxMessageBytes: 65535, maxReads: 4, crlfPingpong: true, crlfDrop: false, passCrlf: false }
  const framer = new SipFramer(limits, sink)
  const fault = framer.push(bytes)
  if (fault !== undefined) outcomes.push(`ends the connection: ${fault.cause}`)
  else if (framer.incomplete) outcomes.push('waits for more')
  return outcomes.join(', ')
}

function inDatagram(bytes: Buffer): string {
  const datagram = new SipDatagram(65535)
  const content = datagram.read(bytes)
  if (content === 'message' || content === 'truncated') {
    return judged(bytes, datagram.start, datagram.bodyStart, datagram.end)
  }
  return `dropped: ${content === 'keepalive' ? content : content.cause}`
}

describe('RFC 4475 in edge mode', () => {
  for (const [name, { section, stream, datagram = stream, why }] of Object.entries(tortures)) {
    test(`§${section} ${name}: ${stream} (${why})`, () => {
      const bytes = tortureBytes(name)
      assert.equal(onStream(bytes), stream, 'on a stream')
      assert.equal(inDatagram(bytes), datagram, 'in a datagram')
    })
  }

  test('§3.3.5 names what is not supported', () => {
    const bytes = tortureBytes('invalid/bext01')
    message.read(bytes, 0, bytes.length, bytes.length)
    assert.deepEqual(checkRequest(message)?.extra, ['Unsupported: noProxiesSupportThis, norDoAnyProxiesSupportThis'])
  })

  test('no message is left out', () => {
    assert.deepEqual(Object.keys(tortures).sort(), tortureNames().sort())
  })
})
