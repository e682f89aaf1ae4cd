/**
 * What a relayed message costs in sip/: ns for index, Via, check and the changes edge mode makes, one by one and in all.
 *
 *     node <build>/test/bench/edit.js
 */
import { checkRequest, checkResponse } from '../../src/sip/check.js'
import { Edit } from '../../src/sip/edit.js'
import { field, SipMessage } from '../../src/sip/message.js'
import { SipUri } from '../../src/sip/uri.js'
import { markSource, Via } from '../../src/sip/via.js'

const body = 'v'.repeat(120)
const common =
  'Max-Forwards: 70\r\n' +
  'From: "Alice" <sip:alice@example.com>;tag=9fxced76sl\r\n' +
  'To: <sip:bob@example.com>\r\n' +
  'Call-ID: 3848276298220188511@client.example.com\r\n' +
  'CSeq: 1 INVITE\r\n' +
  'Contact: <sip:alice@192.0.2.1:50412;transport=tls>\r\n' +
  'User-Agent: bench\r\n' +
  `Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n`
const ourVia = 'Via: SIP/2.0/TCP 10.0.0.4:5060;branch=z9hG4bKhg7302486319104.5f0c1b9ae27d4436.c3a8810f4d2e9b57\r\n'
const theirVia = 'Via: SIP/2.0/TLS 192.0.2.1:50412;branch=z9hG4bK74bf9a2c1d;rport\r\n'
const ourRoute = '<sip:dGhlIHRva2VuIG9mIGEgZmxvdyBpcyBzaXh0eSBjaGFycw@sip.example.com:5061;transport=tls;lr>'
const request = `INVITE sip:bob@example.com SIP/2.0\r\n${theirVia}Route: <sip:sip.example.com;lr>\r\n${common}`
const response = `SIP/2.0 200 OK\r\n${ourVia}${theirVia}Record-Route: ${ourRoute}\r\n${common}`

const message = new SipMessage('X-Hepgate-Trusted')
const via = new Via()
const uri = new SipUri()
const edit = new Edit()

class Case {
  readonly buf: Buffer
  readonly bodyStart: number

  constructor(head: string) {
    this.buf = Buffer.from(head + body)
    this.bodyStart = head.length
  }

  index(): void {
    message.read(this.buf, 0, this.bodyStart, this.buf.length)
  }
}

const whole = { request: new Case(request), response: new Case(response) }

function readVia(): void {
  const line = message.first(field.via)
  if (!via.read(message.buf, message.valueStart(line), message.valueEnd(line))) throw new Error('no Via')
}

function readRoute(): void {
  const line = message.first(field.route)
  if (!uri.readAddress(message.buf, message.valueStart(line), message.valueEnd(line))) throw new Error('no Route')
}

function check(): void {
  if ((message.isRequest ? checkRequest(message, via) : checkResponse(message, via)) !== undefined)
    throw new Error('refused')
}

function editRequest(): void {
  const top = message.lineStart(message.first(field.via))
  const hops = message.first(field.maxForwards)
  const route = message.first(field.route)
  edit.begin(message.buf, 0, message.end)
  edit.insert(top, ourVia)
  markSource(edit, via, '192.0.2.77', 50412)
  edit.replace(message.valueStart(hops), message.valueEnd(hops), '69')
  edit.remove(message.lineStart(route), message.lineEnd(route))
  edit.insert(top, `Record-Route: ${ourRoute}, ${ourRoute}\r\n`)
  edit.insert(top, 'X-Hepgate-Trusted: no\r\n')
  edit.finish()
}

function editResponse(): void {
  const top = message.first(field.via)
  edit.begin(message.buf, 0, message.end)
  edit.remove(message.lineStart(top), message.lineEnd(top))
  edit.finish()
}

/** Best of several rounds: what the code costs without what else the machine does. */
function measure(name: string, run: () => void): void {
  const repeats = 20_000
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 30; round++) {
    const started = process.hrtime.bigint()
    for (let i = 0; i < repeats; i++) run()
    best = Math.min(best, Number(process.hrtime.bigint() - started) / repeats)
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ns`)
}

for (const [name, one] of Object.entries(whole)) {
  const isRequest = one === whole.request
  measure(`${one.buf.length}-byte ${name}, index`, () => one.index())
  measure(`${one.buf.length}-byte ${name}, topmost Via`, readVia)
  if (isRequest) measure(`${one.buf.length}-byte ${name}, Route`, readRoute)
  measure(`${one.buf.length}-byte ${name}, check`, check)
  measure(`${one.buf.length}-byte ${name}, edit`, isRequest ? editRequest : editResponse)
  measure(`${one.buf.length}-byte ${name}, all`, () => {
    one.index()
    if (isRequest) readRoute()
    check()
    if (isRequest) editRequest()
    else editResponse()
  })
}
