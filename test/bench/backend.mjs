/** The SIP server behind the gateway in a benchmark, over TCP, as a process of its own. Tells its parent the port. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { answersTo, requestBytes } from './traffic.mjs'

const server = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const count = Math.floor(bytes.length / requestBytes)
    if (count > 0) socket.write(answersTo(bytes, count))
    rest = bytes.subarray(count * requestBytes)
  })
  socket.on('error', () => {}) // the round is over
})
server.listen(0, '127.0.0.1', 1024)
await once(server, 'listening')
process.on('disconnect', () => process.exit())
process.send({ sip: server.address().port })
