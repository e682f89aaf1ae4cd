/** The SIP server behind the gateway in a benchmark, over TCP, as a process of its own. Tells its parent the port. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { answerTo, endOfHead } from './traffic.mjs'

const server = createServer({ noDelay: true }, (socket) => {
  let rest = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    const text = rest + chunk
    let answers = ''
    let from = 0
    for (let to = text.indexOf(endOfHead); to >= 0; to = text.indexOf(endOfHead, from)) {
      answers += answerTo(text, from, to)
      from = to + endOfHead.length
    }
    rest = text.slice(from)
    if (answers !== '') socket.write(answers, 'latin1')
  })
  socket.on('error', () => {}) // the round is over
})
server.listen(0, '127.0.0.1', 1024)
await once(server, 'listening')
process.on('disconnect', () => process.exit())
process.send({ sip: server.address().port })
