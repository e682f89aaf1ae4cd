/**
 * A phone of the demo: connects over TLS through a load balancer that says who it is (PROXY protocol), registers again
 * and again, keeps its connection alive, and connects anew when it is cut off. Calls are made by who holds it.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import { SipClient } from '../support/sip-client.js'
import { type Habit, UserAgent } from './user-agent.js'

export interface PhoneOptions {
  readonly user: string
  readonly product: string
  /** where the load balancer says it is */
  readonly ip: string
  /** SNI, versions, ciphers, certificate */
  readonly tls: ConnectionOptions
}

/** Port of the load balancer in front of the gateway, and what it calls itself. */
export interface Balancer {
  readonly port: number
  readonly ip: string
}

const registerMs = 20_000
const pingMs = 8000
const firstRetryMs = 1000
const maxRetryMs = 8000

export class DemoPhone {
  /** there while it is registered */
  agent: UserAgent | undefined
  #connection: Balanced | undefined

  constructor(
    readonly options: PhoneOptions,
    private readonly balancer: Balancer,
    private readonly over: AbortSignal,
    private readonly habit: Habit,
  ) {}

  /** for a Request-URI */
  get uri(): string {
    return `sip:${this.options.user}@example.com`
  }

  get free(): boolean {
    return this.agent !== undefined && this.agent.busy === 0
  }

  /** Lives until the demo is over. */
  async live(): Promise<void> {
    let retryMs = firstRetryMs
    while (!this.over.aborted) {
      try {
        await this.#connected()
        retryMs = firstRetryMs
      } catch {
        retryMs = Math.min(retryMs * 2, maxRetryMs) // refused or cut off: a phone tries again
      }
      this.agent = undefined
      await delay(retryMs, undefined, { signal: this.over }).catch(() => {})
    }
  }

  /** The network is gone without a word, calls and all. */
  vanish(): void {
    this.#connection?.tcp.resetAndDestroy()
  }

  /** Switched off: says goodbye to TLS. */
  leave(): void {
    this.#connection?.client.socket.end()
  }

  async #connected(): Promise<void> {
    const { ip, tls, user, product } = this.options
    const port = 49_152 + Math.floor(Math.random() * 16_000)
    this.#connection = await throughBalancer(this.balancer, { ip, port }, tls, this.over)
    const { client } = this.#connection
    const agent = new UserAgent(client, { user, product, domain: 'example.com', address: `${ip}:${port}` })
    agent.habit = this.habit
    const pings = setInterval(() => agent.ping(), pingMs)
    try {
      for (;;) {
        await agent.register()
        this.agent = agent
        const cut = await Promise.race([client.closed.then(() => true), delay(registerMs, false, { ref: false })])
        if (cut) return
      }
    } finally {
      clearInterval(pings)
      client.socket.destroy()
    }
  }
}

interface Balanced {
  readonly client: SipClient
  readonly tcp: Socket
}

/** A client that has shaken hands; the PROXY header (version 1) goes ahead of its ClientHello. */
export async function throughBalancer(
  balancer: Balancer,
  from: { readonly ip: string; readonly port: number },
  tls: ConnectionOptions,
  over: AbortSignal,
): Promise<Balanced> {
  const tcp = await balanced(balancer, from, over)
  return { tcp, client: await SipClient.connect({ ...tls, socket: tcp, port: balancer.port }) }
}

/** A TCP connection on which the gateway believes the peer to be `from`. Ends with the demo. */
export async function balanced(balancer: Balancer, from: { ip: string; port: number }, over: AbortSignal) {
  const socket = connect({ port: balancer.port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {}) // 'close' follows
  const end = (): void => void socket.destroy()
  over.addEventListener('abort', end)
  socket.once('close', () => over.removeEventListener('abort', end))
  await once(socket, 'connect')
  socket.write(`PROXY TCP4 ${from.ip} ${balancer.ip} ${from.port} 5061\r\n`)
  return socket
}
