/**
 * What a phone, and the far end of a trunk, does with SIP on its connection: registers, calls, and answers calls. One
 * lives as long as its connection. It keeps to RFC 3261 where a person who looks at the ladder would notice.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { headerOf, sipAnswer, sipRequest, startLine, token } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { methodOf, routeValues, statusOf, tagged, uriIn, withSdp } from './sip-text.js'

export interface Line {
  readonly user: string
  readonly domain: string
  /** User-Agent */
  readonly product: string
  /** where the phone believes to be: `203.0.113.9:50412` */
  readonly address: string
}

/** How somebody who is called behaves. */
export interface Habit {
  readonly ringMs: number
  /** `busy` and `decline`: at once */
  readonly answers: 'yes' | 'busy' | 'decline' | 'never'
}

export interface CallPlan {
  readonly talkMs: number
  /** gives up when it has rung for so long */
  readonly cancelAfterMs?: number
  /** acknowledges the answer so late that it is sent again (RFC 3261 §13.3.1.4) */
  readonly ackAfterMs?: number
}

const refusals = { busy: '486 Busy Here', decline: '603 Decline' } as const
/** RFC 3261 §17.1.1.1: T1, and how often a 2xx is repeated here before we give up */
const retransmitMs = 500
const maxRetransmissions = 6
/** An answer that has not come by then does not come. */
const patienceMs = 20_000

export class UserAgent {
  habit: Habit = { ringMs: 2000, answers: 'yes' }
  /** calls it is in */
  busy = 0
  readonly #over = new AbortController()
  /** who waits for the messages of a Call-ID */
  readonly #exchanges = new Map<string, Exchange>()
  readonly #registration = `${token()}@${token()}`
  #registrations = 0

  constructor(
    private readonly stream: SipStream,
    private readonly line: Line,
  ) {
    stream.onMessage = (message) => this.#received(message)
    void stream.closed.then(() => this.#over.abort())
  }

  get address(): string {
    return this.line.address
  }

  /** REGISTER, challenged once. */
  async register(): Promise<void> {
    const { user, domain } = this.line
    const exchange = this.#exchange(this.#registration)
    const authorization = `Authorization: Digest username="${user}", realm="${domain}", nonce="demo", uri="sip:${domain}", response="${token()}", algorithm=MD5`
    for (const headers of [[], [authorization]]) {
      this.#send('REGISTER', {
        uri: `sip:${domain}`,
        to: this.#from,
        from: `${this.#from};tag=${token()}`,
        callId: this.#registration,
        cseq: ++this.#registrations,
        headers: [...headers, 'Expires: 600', 'Supported: path, outbound'],
      })
      if (statusOf(await exchange.final()) === 200) break
    }
    this.#exchanges.delete(this.#registration)
  }

  /** CRLFCRLF (RFC 5626 §3.5.1) */
  ping(): void {
    this.stream.send('\r\n\r\n')
  }

  /** Calls, and resolves when the call is over in whatever way. */
  async call(target: string, plan: CallPlan): Promise<void> {
    const callId = `${token()}${token()}@${this.line.address.split(':')[0]}`
    const exchange = this.#exchange(callId)
    this.busy++
    try {
      await this.#converse(exchange, target, callId, plan)
    } finally {
      this.busy--
      this.#exchanges.delete(callId)
    }
  }

  async #converse(exchange: Exchange, target: string, callId: string, plan: CallPlan): Promise<void> {
    const from = `${this.#from};tag=${token()}`
    const dialog = { callId, from, to: `<${target}>` }
    const via = this.#via()
    this.#send('INVITE', { ...dialog, uri: target, via, headers: ['Allow: INVITE, ACK, BYE, CANCEL, OPTIONS'] }, true)
    let answer: Buffer
    do {
      answer = await exchange.next()
      if (statusOf(answer) === 180 && plan.cancelAfterMs !== undefined) {
        await this.#pause(plan.cancelAfterMs)
        this.#send('CANCEL', { ...dialog, uri: target, via })
      }
    } while (statusOf(answer) < 200 || methodOf(answer) !== 'INVITE')
    const to = headerOf(answer, 'To')!
    if (statusOf(answer) >= 300) {
      this.#send('ACK', { ...dialog, uri: target, via, to })
      return
    }

    const routes = routeValues(answer, 'Record-Route').reverse()
    const within = { callId, from, to, uri: uriIn(headerOf(answer, 'Contact')!), headers: routes.map(routeLine) }
    await this.#pause(plan.ackAfterMs ?? 30)
    this.#send('ACK', within)
    await this.#pause(plan.talkMs)
    this.#send('BYE', { ...within, cseq: 2 })
    for (;;) if (methodOf(await exchange.next()) === 'BYE') return
  }

  get #from(): string {
    return `<sip:${this.line.user}@${this.line.domain}>`
  }

  #via(): string {
    return `SIP/2.0/TLS ${this.line.address};branch=z9hG4bK${token()};rport`
  }

  get #contact(): string {
    return `<sip:${this.line.user}@${this.line.address};transport=tls>`
  }

  #send(method: string, fields: Parameters<typeof sipRequest>[0] & object, offer = false): void {
    const headers = [...(fields.headers ?? []), `User-Agent: ${this.line.product}`]
    const request = sipRequest({ method, via: this.#via(), contact: this.#contact, ...fields, headers })
    this.stream.send(offer ? withSdp(request, this.line.address.split(':')[0]!) : request)
  }

  #received(message: Buffer): void {
    // Nobody takes them one by one here, and the demo may run for days.
    this.stream.received.length = 0
    const exchange = this.#exchanges.get(headerOf(message, 'Call-ID')!)
    const method = methodOf(message)
    const isRequest = statusOf(message) === 0
    if (exchange !== undefined) exchange.push(message)
    else if (isRequest && method === 'INVITE') void this.#answerCall(message).catch(() => {})
    else if (isRequest && method !== 'ACK') this.stream.answer(message)
  }

  /** Rejects when the connection goes meanwhile. */
  async #answerCall(invite: Buffer): Promise<void> {
    const callId = headerOf(invite, 'Call-ID')!
    const exchange = this.#exchange(callId)
    this.busy++
    try {
      await this.#ring(exchange, tagged(invite))
    } finally {
      this.busy--
      this.#exchanges.delete(callId)
    }
  }

  async #ring(exchange: Exchange, invite: Buffer): Promise<void> {
    const { answers, ringMs } = this.habit
    const own = [`Contact: ${this.#contact}`, `User-Agent: ${this.line.product}`]
    const headers = [...routeValues(invite, 'Record-Route').map((value) => `Record-Route: ${value}`), ...own]
    if (answers === 'busy' || answers === 'decline') {
      this.stream.send(sipAnswer(invite, refusals[answers], own))
      await exchange.request('ACK', patienceMs)
      return
    }
    this.stream.send(sipAnswer(invite, '180 Ringing', headers))
    const cancel = await exchange.request('CANCEL', answers === 'never' ? patienceMs : ringMs)
    if (cancel !== undefined || answers === 'never') {
      if (cancel !== undefined) this.stream.send(sipAnswer(cancel))
      const status = cancel === undefined ? '480 Temporarily Unavailable' : '487 Request Terminated'
      this.stream.send(sipAnswer(invite, status, own))
      await exchange.request('ACK', patienceMs)
      return
    }
    const answer = withSdp(sipAnswer(invite, '200 OK', headers), this.line.address.split(':')[0]!)
    if (await this.#acknowledged(exchange, answer)) await this.#untilBye(exchange)
  }

  /** RFC 3261 §13.3.1.4: the answer is sent again until the ACK comes, over TLS as well. */
  async #acknowledged(exchange: Exchange, answer: Buffer): Promise<boolean> {
    for (let sent = 0, waitMs = retransmitMs; sent < maxRetransmissions; sent++, waitMs *= 2) {
      this.stream.send(answer)
      if ((await exchange.request('ACK', waitMs)) !== undefined) return true
    }
    return false
  }

  async #untilBye(exchange: Exchange): Promise<void> {
    const bye = await exchange.request('BYE', 600_000)
    if (bye !== undefined) this.stream.answer(bye)
  }

  #exchange(callId: string): Exchange {
    const exchange = new Exchange(this.#over.signal)
    this.#exchanges.set(callId, exchange)
    return exchange
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#over.signal })
  }
}

function routeLine(value: string): string {
  return `Route: ${value}`
}

/** The messages of one Call-ID that came, waited for; every wait ends with the connection. */
class Exchange {
  readonly #came: Buffer[] = []
  #wake: (() => void) | undefined

  constructor(private readonly over: AbortSignal) {}

  push(message: Buffer): void {
    this.#came.push(message)
    this.#wake?.()
  }

  /** Rejects when nothing comes. */
  async next(deadlineMs = patienceMs): Promise<Buffer> {
    while (this.#came.length === 0) {
      const waiting = new AbortController()
      this.#wake = () => waiting.abort()
      const signal = AbortSignal.any([this.over, waiting.signal])
      const late = await delay(deadlineMs, true, { signal }).catch(() => false)
      if (late || this.over.aborted) throw new Error('no answer came')
    }
    return this.#came.shift()!
  }

  async final(): Promise<Buffer> {
    for (;;) {
      const answer = await this.next()
      if (statusOf(answer) >= 200) return answer
    }
  }

  /** The next request with this method; undefined when it does not come in time. Others are left out. */
  async request(method: string, deadlineMs: number): Promise<Buffer | undefined> {
    const end = performance.now() + deadlineMs
    for (;;) {
      const left = end - performance.now()
      if (left <= 0) return undefined
      const message = await this.next(left).catch(() => undefined)
      if (message === undefined) {
        this.over.throwIfAborted()
        return undefined
      }
      if (startLine(message).startsWith(`${method} `)) return message
    }
  }
}
