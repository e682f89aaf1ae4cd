/**
 * Tunnel mode: one upstream connection for each client connection, messages passed on byte for byte
 * in both directions, each seen whole by the trace. It changes no message and keeps no SIP state.
 *
 *     client ◀─ ClientLeg ─ Tunnel ─ CoreLeg ─▶ upstream 1, else 2, else …
 *
 * While the upstream connects, messages of the client wait on the new connection (tls_async), or are
 * not read (tls_async 0). A leg that cannot take more stops the reading of the other. What a client
 * sent before it left is still delivered.
 */
import type { Endpoint } from '../base/address.js'
import { arrivalMs, channels, publishSent } from '../base/channels.js'
import { type Cause, causeEntry, type Failure, failure } from '../base/errors.js'
import { type Connection, pauseReasons } from '../tls/connection.js'
import type { Connector, Target } from '../tls/connector.js'
import type { ConnectionHandler } from '../tls/handler.js'
import type { MessageCounters } from '../tls/message-counters.js'
import { proxyHeaderV1, proxyHeaderV2 } from '../tls/proxy-protocol.js'
import type { Tap } from '../trace/tap.js'
import { Batch } from './batch.js'
import { type Candidate, Candidates } from './candidates.js'
import { noteIfRegister, REGISTER_BYTE } from './registered.js'
import type { Upstream } from './upstreams.js'

export interface TunnelOptions {
  readonly connector: Connector
  /** in order of preference; asked anew for each client */
  readonly upstreams: () => readonly Upstream[]
  readonly tap: Tap
  readonly messages: MessageCounters
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
  readonly async: boolean
  /** messages that may wait while there is no connection for them */
  readonly maxPostponed: number
  /** trace the copy on the core leg too, by the verdict on the client */
  readonly traceCoreLeg: boolean
}

/** Gives an accepted connection its tunnel. */
export function openTunnel(client: Connection, options: TunnelOptions): void {
  const tunnel = new Tunnel(client, options)
  client.handler = new ClientLeg(tunnel)
  tunnel.connect()
}

type Core =
  /** between two candidates: a name is being resolved */
  | { readonly state: 'resolving' }
  /** it has ended, or none could be reached */
  | { readonly state: 'gone' }
  | { readonly state: 'connecting' | 'connected'; readonly connection: Connection; readonly upstream: Upstream }

/** A message that waits for the core, as those who look at messages will be told of it. */
interface Untold {
  readonly buf: Buffer
  readonly start: number
  readonly end: number
  readonly callIdStart: number
  readonly callIdEnd: number
  readonly arrivedMs: number
}

const resolving: Core = { state: 'resolving' }
const gone: Core = { state: 'gone' }
const crlf = Buffer.from('\r\n')

class Tunnel {
  readonly client: Connection
  readonly options: TunnelOptions
  core: Core = resolving
  readonly #candidates: Candidates
  /** messages that have no connection to wait on yet */
  #waiting: { bytes: Buffer[]; messages: number } = { bytes: [], messages: 0 }
  /** what waits for a connection, or on one that is not open yet and may be the wrong one; as many as wait, and a read more */
  readonly #untold: Untold[] = []
  #clientEnded = false
  #lastFailure: Failure = failure('upstream-failed')

  constructor(client: Connection, options: TunnelOptions) {
    this.client = client
    this.options = options
    this.#candidates = new Candidates(options.upstreams())
    client.pause(pauseReasons.relay)
  }

  /** Tries the next address of the list; without one left the client is let go. */
  connect(): void {
    const next = this.#candidates.next()
    if (next instanceof Promise) void next.then((found) => this.#try(found))
    else this.#try(next)
  }

  /** The core connection, while there is one. */
  get coreConnection(): Connection | undefined {
    return 'connection' in this.core ? this.core.connection : undefined
  }

  /** From the client: to the core, or to wait for it. */
  toCore(bytes: Buffer, messages: number): void {
    if (this.core.state === 'resolving') {
      this.#wait(bytes, messages)
      return
    }
    const taken = this.options.async ? undefined : this.#resumeClient
    if (taken !== undefined) this.client.pause(pauseReasons.write)
    if (this.coreConnection?.write(bytes, messages, taken) === true) return
    this.#lose(messages, 'relay-closed')
    taken?.()
  }

  /** tls_async 0: the next message of the client is read when this one has left. */
  readonly #resumeClient = (): void => this.client.resume(pauseReasons.write)

  /** For those who look: a message on its way to the core, which counts as sent when there is a connection that takes it. */
  tellToCore(buf: Buffer, start: number, end: number): void {
    const { core } = this
    const { callIdStart, callIdEnd } = this.client
    const arrivedMs = arrivalMs()
    if (core.state !== 'connected') {
      if (core.state !== 'gone') this.#untold.push({ buf, start, end, callIdStart, callIdEnd, arrivedMs })
    } else if (core.connection.state === 'open') {
      publishSent(core.connection.facts, buf, start, end, callIdStart, callIdEnd, arrivedMs)
    }
  }

  /** The same for one that came on `core`. */
  tellToClient(core: Connection, buf: Buffer, start: number, end: number): void {
    const { state, facts } = this.client
    if (state === 'open') publishSent(facts, buf, start, end, core.callIdStart, core.callIdEnd, arrivalMs())
  }

  toClient(bytes: Buffer, messages: number): void {
    if (!this.client.write(bytes, messages)) this.#lose(messages, 'relay-closed')
  }

  clientEnded(): void {
    this.#clientEnded = true
    this.coreConnection?.end('relay-closed', 'the client has nothing more to send')
  }

  /** Nobody is left to hold the core back for: what it still sends is read, and counted as lost. */
  clientClosed(): void {
    this.coreConnection?.resume(pauseReasons.relay)
    this.clientEnded()
  }

  coreConnected(): void {
    if (this.core.state !== 'connecting') return
    const { connection, upstream } = this.core
    this.core = { state: 'connected', connection, upstream }
    upstream.connected()
    for (const { buf, start, end, callIdStart, callIdEnd, arrivedMs } of this.#untold.splice(0)) {
      publishSent(connection.facts, buf, start, end, callIdStart, callIdEnd, arrivedMs)
    }
    this.client.resume(pauseReasons.relay)
    if (this.#clientEnded) this.clientEnded()
  }

  coreClosed(): void {
    if (!('connection' in this.core)) return
    const { state, connection, upstream } = this.core
    const { cause, message } = connection.facts.closed ?? this.#lastFailure
    this.core = gone
    if (state === 'connected') {
      upstream.disconnected()
      this.client.resume(pauseReasons.relay)
      this.client.resume(pauseReasons.write)
      this.client.end('relay-closed', `the upstream connection ended: ${message}`)
      return
    }
    if (causeEntry(cause).fate === 'ended') {
      // Not a failure of the upstream: the client left with nothing to deliver, an operator or the shutdown ended it.
      this.#lose(connection.takePostponed().messages, cause)
      this.client.end(cause, message)
      return
    }
    this.#lastFailure = { cause, message }
    upstream.failed(this.#lastFailure)
    this.core = resolving
    this.#waiting = connection.takePostponed()
    if (cause === 'postponed-overflow') this.#giveUp({ cause, message })
    else this.connect()
  }

  #try(found: Candidate | undefined): void {
    if (this.core.state === 'gone' || (this.client.state === 'closed' && this.#waiting.messages === 0)) return
    if (found === undefined) {
      this.#giveUp(
        failure('upstream-failed', `no upstream could be reached, the last said: ${this.#lastFailure.message}`),
      )
    } else if ('failure' in found) {
      this.#lastFailure = found.failure
      found.upstream.failed(found.failure)
      this.options.connector.failed(this.#target(found.upstream), unwatched, found.failure)
      this.connect()
    } else {
      this.#open(found.upstream, found.address)
    }
  }

  #open(upstream: Upstream, address: Endpoint): void {
    const leg = new CoreLeg(this)
    const connection = this.options.connector.open({ ...this.#target(upstream), address }, leg)
    leg.connection = connection
    this.core = { state: 'connecting', connection, upstream }
    this.client.facts.relayedTo = connection.facts.id
    const { bytes, messages } = this.#waiting
    this.#waiting = { bytes: [], messages: 0 }
    if (bytes.length > 0) connection.write(bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes), messages)
    if (this.options.async) this.client.resume(pauseReasons.relay)
    if (this.#clientEnded) this.clientEnded()
  }

  #wait(bytes: Buffer, messages: number): void {
    this.#waiting.bytes.push(bytes)
    this.#waiting.messages += messages
    this.options.messages.postponed += messages
    const most = this.options.maxPostponed
    if (this.#waiting.messages > most) {
      this.#giveUp(failure('postponed-overflow', `more than ${most} messages waited for an upstream`))
    }
  }

  #giveUp(reason: Failure): void {
    this.core = gone
    this.#lose(this.#waiting.messages, reason.cause)
    this.#waiting = { bytes: [], messages: 0 }
    this.client.fail(reason)
  }

  #lose(messages: number, cause: Cause): void {
    this.options.messages.lose(messages, cause)
  }

  #target(upstream: Upstream): Omit<Target, 'address'> & { port: number } {
    const { host, port } = upstream.config
    // The configuration has seen to it that no socket in tunnel mode has an upstream over UDP.
    const transport = upstream.config.transport === 'tls' ? 'tls' : 'tcp'
    const relayedTo = this.client.facts.id
    return { host, port, transport, side: 'core', relayedTo, proxyHeader: this.#proxyHeader() }
  }

  #proxyHeader(): Buffer | undefined {
    const { peer, local } = this.client.facts
    switch (this.options.proxyProtocol) {
      case 'off':
        return undefined
      case 'v1':
        return proxyHeaderV1(peer, local)
      case 'v2':
        return proxyHeaderV2(peer, local)
    }
  }
}

class ClientLeg implements ConnectionHandler {
  readonly #tunnel: Tunnel
  readonly #batch = new Batch()

  constructor(tunnel: Tunnel) {
    this.#tunnel = tunnel
  }

  onConnected(): void {}

  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void {
    const { client, coreConnection, options } = this.#tunnel
    if (channels.message.hasSubscribers) this.#tunnel.tellToCore(buf, start, end)
    if (buf[start] === REGISTER_BYTE) noteIfRegister(client.facts, buf, start, bodyStart)
    if (options.tap.on) {
      const { callIdStart, callIdEnd } = client
      options.tap.message(client.facts, 'in', buf, start, end, callIdStart, callIdEnd)
      if (options.traceCoreLeg && coreConnection !== undefined) {
        options.tap.message(coreConnection.facts, 'out', buf, start, end, callIdStart, callIdEnd, client.facts)
      }
    }
    if (!this.#batch.add(buf, start, end)) {
      this.onReadEnd()
      this.#batch.add(buf, start, end)
    }
  }

  onCrlf(): void {
    this.onReadEnd()
    this.#tunnel.toCore(crlf, 0)
  }

  onReadEnd(): void {
    const messages = this.#batch.messages
    if (messages > 0) this.#tunnel.toCore(this.#batch.take(), messages)
  }

  onPeerEnd(): void {
    this.#tunnel.clientEnded()
  }

  onBlocked(): void {
    this.#tunnel.coreConnection?.pause(pauseReasons.relay)
  }

  onDrain(): void {
    this.#tunnel.coreConnection?.resume(pauseReasons.relay)
  }

  onClosed(): void {
    this.#tunnel.clientClosed()
  }
}

class CoreLeg implements ConnectionHandler {
  readonly #tunnel: Tunnel
  readonly #batch = new Batch()
  connection: Connection | undefined

  constructor(tunnel: Tunnel) {
    this.#tunnel = tunnel
  }

  onConnected(): void {
    this.#tunnel.coreConnected()
  }

  onMessage(buf: Buffer, start: number, _bodyStart: number, end: number): void {
    const { client, options } = this.#tunnel
    const core = this.connection as Connection
    if (channels.message.hasSubscribers) this.#tunnel.tellToClient(core, buf, start, end)
    if (options.tap.on) {
      const { callIdStart, callIdEnd } = core
      if (options.traceCoreLeg) {
        options.tap.message(core.facts, 'in', buf, start, end, callIdStart, callIdEnd, client.facts)
      }
      options.tap.message(client.facts, 'out', buf, start, end, callIdStart, callIdEnd)
    }
    if (!this.#batch.add(buf, start, end)) {
      this.onReadEnd()
      this.#batch.add(buf, start, end)
    }
  }

  onCrlf(): void {
    this.onReadEnd()
    this.#tunnel.toClient(crlf, 0)
  }

  onReadEnd(): void {
    const messages = this.#batch.messages
    if (messages > 0) this.#tunnel.toClient(this.#batch.take(), messages)
  }

  onPeerEnd(): void {
    this.#tunnel.client.end('relay-closed', 'the upstream has nothing more to send')
  }

  onBlocked(): void {
    this.#tunnel.client.pause(pauseReasons.relay)
  }

  onDrain(): void {
    this.#tunnel.client.resume(pauseReasons.relay)
  }

  onClosed(): void {
    this.#tunnel.coreClosed()
  }
}

/** For a connect that never had a socket. */
const unwatched: ConnectionHandler = {
  onConnected() {},
  onMessage() {},
  onCrlf() {},
  onReadEnd() {},
  onPeerEnd() {},
  onBlocked() {},
  onDrain() {},
  onClosed() {},
}
