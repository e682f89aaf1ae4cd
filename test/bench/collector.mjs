/**
 * Where the traces of a benchmark go, as a process of its own: takes HEP over UDP and TCP and OTLP over HTTP and throws
 * it away. Tells its parent the ports, and for each message of it how much came over OTLP since the one before.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'

const tcp = createServer((socket) => socket.on('error', () => {}).resume())
const udp = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 }, () => {})
const received = { exports: 0, bytes: 0 }
/** An empty body is a complete success: every field of the answer has its default value. */
const otlp = createHttpServer((request, response) => {
  request.on('data', (chunk) => {
    received.bytes += chunk.length
  })
  request.on('end', () => {
    received.exports++
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
})

for (const server of [tcp, otlp]) server.listen(0, '127.0.0.1')
udp.bind(0, '127.0.0.1')
await Promise.all([tcp, otlp, udp].map((server) => once(server, 'listening')))
process.on('disconnect', () => process.exit())
process.on('message', () => {
  process.send(received)
  Object.assign(received, { exports: 0, bytes: 0 })
})
process.send({ tcp: tcp.address().port, udp: udp.address().port, otlp: otlp.address().port })
