/**
 * What stands behind the gateway in a benchmark, as a process of its own: a SIP server over TCP, and a
 * HEP collector over UDP and TCP that counts bytes and throws them away. Tells its parent the ports.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { answersTo, requestBytes } from './traffic.mjs'

const sip = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const count = Math.floor(bytes.length / requestBytes)
    if (count > 0) socket.write(answersTo(bytes, 0, count))
    rest = bytes.subarray(count * requestBytes)
  })
  socket.on('error', () => {}) // the round is over
})
const hepTcp = createServer((socket) => socket.on('error', () => {}).resume())
const hepUdp = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 }, () => {})

sip.listen(0, '127.0.0.1', 1024)
hepTcp.listen(0, '127.0.0.1')
hepUdp.bind(0, '127.0.0.1')
await Promise.all([sip, hepTcp, hepUdp].map((server) => once(server, 'listening')))
process.on('disconnect', () => process.exit())
process.send({ sip: sip.address().port, hepTcp: hepTcp.address().port, hepUdp: hepUdp.address().port })
