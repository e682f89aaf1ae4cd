/**
 * What a HEP packet costs, beside hep-js in the same run: ns per packet of a 700-byte SIP message.
 *
 *     node <build>/test/bench/hep-encode.js
 */
import hepjs from 'hep-js'
import { decodeHep } from '../../src/hep/decode.js'
import { encodeHep, encodePacket, hepHead, hepTail } from '../../src/hep/encode.js'

const leg = {
  source: { ip: '192.0.2.1', port: 50412 },
  destination: { ip: '198.51.100.7', port: 5061 },
  protocol: 22,
  type: 1,
  captureId: 2001,
}
const callId = '3848276298220188511@client.example.com'
const sip = `INVITE sip:bob@example.com SIP/2.0\r\nCall-ID: ${callId}\r\n`.padEnd(700, 'v')

const head = hepHead(leg)
const tail = hepTail({ nodeName: 'gw1', extraCorrelation: '{"net":"2522929864357336036"}' })
const target = Buffer.alloc(65536)
const message = Buffer.from(sip)
const callIdStart = message.indexOf(callId)
const callIdEnd = callIdStart + callId.length

const packet = {
  ...leg,
  family: 2,
  seconds: 1_700_000_000,
  micros: 1,
  payload: message,
  correlationId: Buffer.from(callId),
  nodeName: 'gw1',
  other: [],
}
const encoded = encodePacket(packet)
const hepjsInfo = {
  protocolFamily: 2,
  protocol: 22,
  srcIp: leg.source.ip,
  dstIp: leg.destination.ip,
  srcPort: leg.source.port,
  dstPort: leg.destination.port,
  timeSeconds: packet.seconds,
  timeUseconds: packet.micros,
  payloadType: 1,
  captureId: leg.captureId,
  correlation_id: callId,
  hepNodeName: 'gw1',
}

/** Best of several rounds: what the code costs without what else the machine does. */
function measure(name: string, run: () => void): number {
  const calls = 20_000
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 20; round++) {
    const started = process.hrtime.bigint()
    for (let i = 0; i < calls; i++) run()
    best = Math.min(best, Number(process.hrtime.bigint() - started) / calls)
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(0).padStart(8)} ns`)
  return best
}

let micros = 1.7e15
const hot = measure('encodeHep', () => {
  encodeHep(target, 0, head, tail, micros++, message, callIdStart, callIdEnd, message, 0, message.length)
})
measure('encodePacket', () => encodePacket(packet))
const theirs = measure('hep-js encapsulate', () => hepjs.encapsulate(sip, hepjsInfo))
const ours = measure('decodeHep', () => decodeHep(encoded))
const theirDecode = measure('hep-js decapsulate', () => hepjs.decapsulate(encoded))
console.log(`encode ${(theirs / hot).toFixed(1)} × hep-js, decode ${(theirDecode / ours).toFixed(1)} ×`)
