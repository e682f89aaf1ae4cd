/**
 * What framing costs: ns per message for messages of common sizes, whole and split, and ns per byte of a long header.
 *
 *     node <build>/test/bench/framer.js
 */
import { SipFramer } from '../../src/sip/framer.js'

let framed = 0
const sink = {
  onMessage() {
    framed++
  },
  onPing() {},
  onCrlf() {},
}
const limits = { maxMessageBytes: 65535, maxReads: 1e9, crlfPingpong: true, crlfDrop: false, passCrlf: true }

function message(bodyBytes: number, extraHeaderBytes = 0): Buffer {
  return Buffer.from(
    'INVITE sip:bob@example.com SIP/2.0\r\n' +
      'Via: SIP/2.0/TLS 192.0.2.1:50412;branch=z9hG4bK74bf9a2c1d;rport\r\n' +
      'Max-Forwards: 70\r\n' +
      'From: "Alice" <sip:alice@example.com>;tag=9fxced76sl\r\n' +
      'To: <sip:bob@example.com>\r\n' +
      'Call-ID: 3848276298220188511@client.example.com\r\n' +
      'CSeq: 1 INVITE\r\n' +
      'Contact: <sip:alice@192.0.2.1:50412;transport=tls>\r\n' +
      `${extraHeaderBytes > 0 ? `X: ${'x'.repeat(extraHeaderBytes)}\r\n` : ''}` +
      'User-Agent: bench\r\n' +
      `Content-Length: ${bodyBytes}\r\n\r\n${'v'.repeat(bodyBytes)}`,
  )
}

/** Best of several rounds: what the code costs without what else the machine does. */
function measure(name: string, messages: number, chunks: readonly Buffer[], unit = messages): void {
  const framer = new SipFramer(limits, sink)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 30; round++) {
    framed = 0
    const repeats = Math.max(1, Math.ceil(20_000 / chunks.length))
    const started = process.hrtime.bigint()
    for (let i = 0; i < repeats; i++) for (const chunk of chunks) framer.push(chunk)
    const ns = Number(process.hrtime.bigint() - started) / repeats
    if (framed !== messages * repeats) throw new Error(`${name}: ${framed} messages framed`)
    best = Math.min(best, ns)
  }
  console.log(`${name.padEnd(52)} ${(best / unit).toFixed(1).padStart(8)} ns`)
}

const small = message(100)
const large = message(1400)
measure(`${small.length}-byte message, one per read, per message`, 1, [small])
measure(`${small.length}-byte messages, 32 per read, per message`, 32, [Buffer.concat(Array(32).fill(small))])
measure(`${large.length}-byte message, one per read, per message`, 1, [large])
measure(`${small.length}-byte message in two reads, per message`, 1, [small.subarray(0, 300), small.subarray(300)])
const long = message(0, 60_000)
measure(`${long.length}-byte header, one read, per byte`, 1, [long], long.length)
measure(
  `${long.length}-byte header, byte by byte, per byte`,
  1,
  Array.from(long, (byte) => Buffer.of(byte)),
  long.length,
)
