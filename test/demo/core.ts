/**
 * The SIP servers behind the gateway in one: registrar (RFC 3327) and proxy (RFC 3261 §16), as small as calls between the
 * phones of the demo allow. Numbers go to the trunk. Everything travels over the connection the gateway opened.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { listening } from '../support/listening.js'
import type { Scope } from '../support/scope.js'
import { changed, headerOf, headersOf, sipAnswer, startLine, token } from '../support/sip.js'
import { SipStream } from '../support/sip-stream.js'
import { methodOf, routeValues, statusOf, uriIn } from './sip-text.js'

interface Binding {
  readonly contact: string
  readonly path: readonly string[]
}

/** An INVITE that was passed on and has no final answer yet, or none but a refusal. */
interface Pending {
  /** as it was passed on: CANCEL and ACK of a refusal are made of it */
  readonly sent: Buffer
  refused: boolean
}

export class DemoCore {
  /** hears of each INVITE of a call that begins, and where it goes: undefined when nobody has that name */
  onCall: (invite: Buffer, contact: string | undefined) => void = () => {}
  readonly #bindings = new Map<string, Binding>()
  readonly #pending = new Map<string, Pending>()
  #challenged = new Set<string>()

  private constructor(
    readonly port: number,
    private readonly carrier: string,
  ) {}

  /** `carrier`: host of the trunk that takes the calls to numbers. */
  static async start(scope: Scope, port: number, carrier: string): Promise<DemoCore> {
    const server: Server = createServer({ noDelay: true })
    await listening(scope, server, '127.0.0.1', port)
    const core = new DemoCore(port, carrier)
    server.on('connection', (socket) => core.#carry(socket))
    return core
  }

  /** for relay.upstream */
  get uri(): string {
    return `sip:127.0.0.1:${this.port};transport=tcp`
  }

  #carry(socket: Socket): void {
    const stream = new SipStream(socket)
    stream.onMessage = (message) => {
      stream.received.length = 0 // nobody takes them one by one here
      if (statusOf(message) !== 0) this.#response(message, stream)
      else this.#request(message, stream)
    }
  }

  #request(request: Buffer, over: SipStream): void {
    const callId = headerOf(request, 'Call-ID')!
    const method = methodOf(request)
    const pending = this.#pending.get(callId)
    if (method === 'OPTIONS') over.answer(request)
    else if (method === 'REGISTER') this.#register(request, over)
    else if (method === 'CANCEL') this.#cancel(request, pending, over)
    else if (method === 'ACK' && pending?.refused) this.#pending.delete(callId)
    else if (/;tag=/.test(headerOf(request, 'To')!)) over.send(this.#passed(request))
    else if (method === 'INVITE' && pending === undefined) this.#invite(request, over)
  }

  #register(request: Buffer, over: SipStream): void {
    const user = userOf(headerOf(request, 'To')!)
    if (!this.#challenged.delete(user)) {
      this.#challenged.add(user)
      const challenge = `WWW-Authenticate: Digest realm="example.com", nonce="${token()}", algorithm=MD5, qop="auth"`
      over.send(sipAnswer(request, '401 Unauthorized', [challenge]))
      return
    }
    const contact = headerOf(request, 'Contact')!
    const path = routeValues(request, 'Path')
    this.#bindings.set(user, { contact: uriIn(contact), path })
    const headers = [...path.map((value) => `Path: ${value}`), `Contact: ${contact};expires=600`]
    over.send(sipAnswer(request, '200 OK', headers))
  }

  #invite(request: Buffer, over: SipStream): void {
    over.send(sipAnswer(request, '100 Trying'))
    const way = this.#wayTo(startLine(request).split(' ')[1]!)
    this.onCall(request, way?.contact)
    if (way === undefined) {
      over.send(sipAnswer(request, '404 Not Found'))
      this.#pending.set(headerOf(request, 'Call-ID')!, { sent: request, refused: true })
      return
    }
    const recorded = `Record-Route: <sip:127.0.0.1:${this.port};transport=tcp;lr>`
    const sent = this.#passed(request, way, [recorded, ...way.path.map((value) => `Route: ${value}`)])
    this.#pending.set(headerOf(request, 'Call-ID')!, { sent, refused: false })
    over.send(sent)
  }

  #wayTo(uri: string): Binding | undefined {
    const user = userOf(uri)
    if (!user.startsWith('+')) return this.#bindings.get(user)
    return { contact: `sip:${user}@${this.carrier};transport=tls`, path: [] }
  }

  /** RFC 3261 §9.2: answered here, and a CANCEL of our own goes to where the INVITE went. */
  #cancel(request: Buffer, pending: Pending | undefined, over: SipStream): void {
    if (pending === undefined || pending.refused) {
      over.send(sipAnswer(request, '481 Call/Transaction Does Not Exist'))
      return
    }
    over.answer(request)
    over.send(ofTransaction(pending.sent, 'CANCEL'))
  }

  #response(response: Buffer, over: SipStream): void {
    const callId = headerOf(response, 'Call-ID')!
    const pending = this.#pending.get(callId)
    const status = statusOf(response)
    // What answers a request of our own goes no further: 200 of a CANCEL.
    if (methodOf(response) === 'CANCEL' || status === 100) return
    if (methodOf(response) === 'INVITE' && status >= 200) {
      if (status < 300) this.#pending.delete(callId)
      else if (pending !== undefined) {
        pending.refused = true
        over.send(ofTransaction(pending.sent, 'ACK', headerOf(response, 'To')!))
      }
    }
    over.send(withoutFirst(response, 'Via'))
  }

  /** RFC 3261 §16.6 */
  #passed(request: Buffer, way?: Binding, headers: readonly string[] = []): Buffer {
    const own = routeValues(request, 'Route')[0]?.includes(`127.0.0.1:${this.port}`) === true
    const routed = own ? withoutFirstRoute(request) : request
    const [method, uri] = startLine(routed).split(' ') as [string, string]
    const via = `Via: SIP/2.0/TCP 127.0.0.1:${this.port};branch=z9hG4bK${token()}`
    const head = [`${method} ${way?.contact ?? uri} SIP/2.0`, via, ...headers].join('\r\n')
    const hops = headerOf(routed, 'Max-Forwards')!
    return changed(
      changed(routed, startLine(routed), head),
      `Max-Forwards: ${hops}`,
      `Max-Forwards: ${Number(hops) - 1}`,
    )
  }
}

function userOf(value: string): string {
  return /sips?:([^@;>]*)@/.exec(value)?.[1] ?? ''
}

/** ACK of a refusal, or CANCEL, of an INVITE that was sent: same branch, same Route (RFC 3261 §9.1, §17.1.1.3). */
function ofTransaction(invite: Buffer, method: 'ACK' | 'CANCEL', to = headerOf(invite, 'To')!): Buffer {
  const lines = [
    `${method} ${startLine(invite).split(' ')[1]} SIP/2.0`,
    `Via: ${headersOf(invite, 'Via')[0]}`,
    'Max-Forwards: 70',
    ...routeValues(invite, 'Route').map((value) => `Route: ${value}`),
    `From: ${headerOf(invite, 'From')}`,
    `To: ${to}`,
    `Call-ID: ${headerOf(invite, 'Call-ID')}`,
    `CSeq: ${headerOf(invite, 'CSeq')!.split(' ')[0]} ${method}`,
    'Content-Length: 0',
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** Without the first line of this header. */
function withoutFirst(message: Buffer, name: string): Buffer {
  return changed(message, new RegExp(`\r\n${name}:[^\r\n]*`, 'i'), '')
}

function withoutFirstRoute(request: Buffer): Buffer {
  const line = headerOf(request, 'Route')!
  const rest = line.split(/,\s*(?=<)/).slice(1)
  return rest.length === 0
    ? withoutFirst(request, 'Route')
    : changed(request, `Route: ${line}`, `Route: ${rest.join(', ')}`)
}
