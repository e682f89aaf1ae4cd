/**
 * Many phones in a process of their own: each connects over TLS, registers as `phone-N`, answers whatever it is sent and
 * says in its answer who it is. What was meant for another phone is reported.
 *
 *     node phone-swarm.js PORT FIRST COUNT      prints `registered COUNT`, `misdelivered …`, `cut off …`
 */

import { startLine } from './sip.js'
import { SipClient } from './sip-client.js'

/** Of each swarm. More handshakes under way from one address than max_handshakes allows would be refused. */
const atOnce = 25

const [port, first, count] = process.argv.slice(2).map(Number) as [number, number, number]

async function startPhone(number: number): Promise<void> {
  const phone = await SipClient.connect({ port })
  const user = `phone-${number}`
  const from = `<sip:${user}@example.com>;tag=${number}`
  const { answer } = await phone.request({
    method: 'REGISTER',
    uri: 'sip:example.com',
    from,
    callId: `${user}@register`,
  })
  if (startLine(answer) !== 'SIP/2.0 200 OK') throw new Error(`${user} was answered:\n${answer}`)
  phone.onMessage = (request) => {
    const [method, uri] = startLine(request).split(' ')
    if (uri !== `sip:${user}@example.com`) console.log(`misdelivered to ${user}: ${startLine(request)}`)
    if (method !== 'ACK') phone.answer(request, '200 OK', [`X-Phone: ${user}`])
  }
  phone.socket.on('close', () => console.log(`cut off: ${user}`))
}

let next = first
async function startPhones(): Promise<void> {
  while (next < first + count) await startPhone(next++)
}

await Promise.all(Array.from({ length: atOnce }, startPhones))
console.log(`registered ${count}`)
