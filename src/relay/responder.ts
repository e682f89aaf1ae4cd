/**
 * The built-in SIP server that stands in when no upstream is configured, so that the first minute
 * needs nothing else: OPTIONS and REGISTER get 200, everything else a polite 404, ACK nothing.
 * It listens on loopback only, keeps nothing, and is not a registrar.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Log } from '../base/log.js'
import type { UpstreamConfig } from '../config/types.js'
import { type FramerLimits, type FramerSink, SipFramer } from '../sip/framer.js'
import { findHeader, headerNames, headersStart, headerValue } from '../sip/headers.js'
import { buildReply, requestMethod } from '../sip/reply.js'

export class Responder {
  readonly #server: Server
  readonly #open = new Set<Socket>()

  private constructor(limits: FramerLimits, log: Log) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
      socket.on('error', (error) => log.debug({ error: error.message }, 'built-in responder lost a connection'))
      const framer = new SipFramer(limits, new Answers(socket, () => framer.isRequest))
      socket.on('data', (chunk) => {
        if (framer.push(chunk) !== undefined) socket.destroy()
      })
    })
  }

  static async open(limits: FramerLimits, log: Log): Promise<Responder> {
    const responder = new Responder(limits, log)
    await new Promise<void>((done, fail) => {
      responder.#server.once('error', fail)
      responder.#server.listen(0, '127.0.0.1', done)
    })
    // EMFILE and the like: that connection is lost, the responder stays.
    responder.#server.on('error', (error) => log.warn({ error: error.message }, 'built-in responder'))
    return responder
  }

  get upstream(): UpstreamConfig {
    const bound = this.#server.address()
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0
    return {
      uri: `built-in responder (sip:127.0.0.1:${port};transport=tcp)`,
      host: '127.0.0.1',
      port,
      transport: 'tcp',
      priority: 1,
      weight: 1,
    }
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
  }
}

/** Asked for, or RFC 3261 §10.2.8's usual hour. */
const defaultExpires = '3600'

class Answers implements FramerSink {
  readonly #socket: Socket
  readonly #isRequest: () => boolean

  constructor(socket: Socket, isRequest: () => boolean) {
    this.#socket = socket
    this.#isRequest = isRequest
  }

  onMessage(buf: Buffer, start: number, bodyStart: number): void {
    if (!this.#isRequest()) return
    const method = requestMethod(buf, start)
    if (method === 'ACK') return
    const reply = (status: number, reason: string, extra: string[]): void => {
      this.#socket.write(buildReply(buf, start, bodyStart, status, reason, { toTag: 'hepgate', extra }))
    }
    switch (method) {
      case 'OPTIONS':
        reply(200, 'OK', ['Allow: OPTIONS, REGISTER', 'Accept: application/sdp', 'Server: hepgate built-in responder'])
        break
      case 'REGISTER':
        reply(200, 'OK', [...bindings(buf, start, bodyStart), ...paths(buf, start, bodyStart)])
        break
      default:
        reply(404, 'Not Found', [
          'Server: hepgate built-in responder',
          'Warning: 399 hepgate "no upstream is configured: set relay.upstream"',
        ])
    }
  }

  onPing(): void {
    this.#socket.write('\r\n')
  }

  onCrlf(): void {}
}

/** RFC 3261 §10.3 step 8: the answer names the bindings with their expiry. */
function bindings(buf: Buffer, start: number, bodyStart: number): string[] {
  const expires = headerValue(buf, start, bodyStart, headerNames.expires) ?? defaultExpires
  const lines: string[] = []
  let place = findHeader(buf, headersStart(buf, start, bodyStart), bodyStart, headerNames.contact)
  while (place !== undefined) {
    const contact = buf.toString('utf8', place.valueStart, place.valueEnd).replaceAll(/\r\n[ \t]+/g, ' ')
    const ownExpiry = /;\s*expires\s*=/i.test(contact)
    if (contact !== '*') lines.push(`Contact: ${contact}${ownExpiry ? '' : `;expires=${expires}`}`)
    place = findHeader(buf, place.next, bodyStart, headerNames.contact)
  }
  return lines
}

/** RFC 3327 §5.3: whoever registered sees the way that calls would take. */
function paths(buf: Buffer, start: number, bodyStart: number): string[] {
  const path = headerValue(buf, start, bodyStart, headerNames.path)
  return path === undefined ? [] : [`Path: ${path}`]
}
