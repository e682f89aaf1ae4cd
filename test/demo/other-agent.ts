/**
 * Another capture agent, `pbx-1`: the SIP servers report a leg of each call that the gateway never sees, over UDP to the
 * embedded collector. A redirect server is asked where the callee is (RFC 3261 §8.3).
 */
import { createSocket, type Socket } from 'node:dgram'
import type { Endpoint } from '../../src/base/address.js'
import { microClock } from '../../src/base/clock.js'
import { encodePacket } from '../../src/hep/encode.js'
import type { Scope } from '../support/scope.js'
import { changed, headerOf, headersOf, sipAnswer, startLine, token } from '../support/sip.js'

const redirectServer: Endpoint = { ip: '10.0.0.9', port: 5060 }
const nowMicros = microClock()

export class OtherAgent {
  private constructor(
    private readonly socket: Socket,
    private readonly core: Endpoint,
    private readonly collectorPort: number,
  ) {}

  /** `corePort`: of the server that asks. */
  static start(scope: Scope, corePort: number, collectorPort: number): OtherAgent {
    const socket = createSocket('udp4')
    socket.on('error', () => {}) // nobody listens while the gateway restarts
    scope.after(() => void socket.close())
    return new OtherAgent(socket, { ip: '127.0.0.1', port: corePort }, collectorPort)
  }

  /** Reports what the servers said to each other about a call that begins; without a contact the callee is unknown. */
  report(invite: Buffer, contact: string | undefined): void {
    const uri = startLine(invite).split(' ')[1]!
    const via = `Via: SIP/2.0/UDP 127.0.0.1:${this.core.port};branch=z9hG4bK${token()}`
    const asked = changed(invite, `Via: ${headersOf(invite, 'Via')[0]}`, via)
    const answer =
      contact === undefined
        ? sipAnswer(asked, '404 Not Found')
        : sipAnswer(asked, '302 Moved Temporarily', [`Contact: <${contact}>`])
    const ack = Buffer.from(
      [
        `ACK ${uri} SIP/2.0`,
        via,
        'Max-Forwards: 70',
        `From: ${headerOf(asked, 'From')}`,
        `To: ${headerOf(answer, 'To')}`,
        `Call-ID: ${headerOf(asked, 'Call-ID')}`,
        'CSeq: 1 ACK',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    )
    this.#send(this.core, redirectServer, asked)
    this.#send(redirectServer, this.core, answer)
    this.#send(this.core, redirectServer, ack)
  }

  #send(source: Endpoint, destination: Endpoint, payload: Buffer): void {
    const micros = nowMicros()
    const packet = encodePacket({
      family: 2,
      protocol: 17,
      source,
      destination,
      seconds: Math.floor(micros / 1e6),
      micros: micros % 1e6,
      type: 1,
      captureId: 3001,
      payload,
      correlationId: Buffer.from(headerOf(payload, 'Call-ID')!),
      nodeName: 'pbx-1',
      other: [],
    })
    this.socket.send(packet, this.collectorPort, '127.0.0.1')
  }
}
