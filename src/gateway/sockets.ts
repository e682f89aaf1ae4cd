/**
 * The sockets of the configuration, opened one after the other and joined to what handles their connections: a
 * tunnel each, or edge mode for all of them.
 */
import type { Config } from '../config/types.js'
import { CallSeals } from '../relay/call-seal.js'
import { EdgeMode } from '../relay/edge-mode.js'
import { FlowTokens, flowSecret } from '../relay/flow.js'
import { OwnAddresses, type OwnSocket } from '../relay/own-addresses.js'
import { Resolver } from '../relay/resolver.js'
import { openTunnel, type TunnelOptions } from '../relay/tunnel.js'
import type { AcceptorOptions } from '../tls/acceptor.js'
import type { Connection } from '../tls/connection.js'
import { Connector } from '../tls/connector.js'
import type { TlsContexts } from '../tls/contexts.js'
import { DatagramListener, type DatagramOptions } from '../tls/datagram.js'
import { Listener } from '../tls/listener.js'
import type { TraceGate } from '../trace/gate.js'
import type { Parts } from './parts.js'

export class Sockets {
  readonly #parts: Parts
  #acceptErrors = 0
  #nextAcceptLogMs = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws UsageError where a socket cannot be had; what was opened before it stays in the parts, to be closed. */
  async open(): Promise<void> {
    const parts = this.#parts
    const { config, connections } = parts
    const { gate } = parts.running
    const { proto_tls, relay, limits } = config
    const keepAlive = { keepAlive: limits.tcp_keepalive, keepIdleSeconds: limits.tcp_keepidle }
    const contexts = (): TlsContexts => parts.contexts as TlsContexts
    const handshakeTimeoutMs = proto_tls.tls_handshake_timeout
    const connector = new Connector({
      connections,
      contexts,
      connectTimeoutMs: relay.connect_timeout,
      handshakeTimeoutMs,
      ...keepAlive,
    })
    const tunnel: TunnelOptions = {
      connector,
      upstreams: () => parts.upstreams,
      tap: gate.tap,
      messages: connections.messages,
      proxyProtocol: relay.proxy_protocol,
      async: proto_tls.tls_async,
      maxPostponed: proto_tls.tls_async_max_postponed_chunks,
      traceCoreLeg: config.trace.core_leg,
    }
    const acceptor = { connections, contexts, handshakeTimeoutMs, ...keepAlive }
    for (const socket of config.socket) {
      if (socket.transport === 'udp') {
        parts.datagrams.push(await DatagramListener.open(socket, this.#datagramOptions(limits)))
        continue
      }
      const onConnection: AcceptorOptions['onConnection'] =
        socket.relay === 'tunnel' ? (client) => openTunnel(client, tunnel) : this.#acceptAtEdge
      parts.listeners.push(
        await Listener.open(socket, { ...acceptor, onConnection, onAcceptError: this.#acceptFailed }),
      )
    }
    if (config.socket.some(({ relay }) => relay === 'edge')) parts.edge = this.#makeEdge(config, gate, connector)
  }

  /** A connection may come before the last socket is bound, and with it our own addresses known. */
  readonly #acceptAtEdge = (client: Connection): void => {
    if (this.#parts.edge === undefined) client.close('shutdown', 'the gateway is still starting')
    else this.#parts.edge.accept(client)
  }

  #datagramOptions(limits: Config['limits']): DatagramOptions {
    return {
      home: this.#parts.connections,
      onAssociation: (association) => {
        if (this.#parts.edge === undefined) association.close('shutdown', 'the gateway is still starting')
        else this.#parts.edge.associate(association)
      },
      onTruncated: (...message) => this.#parts.edge?.truncated(...message),
      maxMessageBytes: limits.max_message_bytes,
      idleMs: limits.tcp_connection_lifetime * 1000,
      onLarge: (bytes, peer) => this.#parts.edge?.largeDatagram(bytes, peer),
      onError: (error, sinceStart) =>
        this.#parts.log('tls').warn({ error: error.message, since_start: sinceStart }, 'UDP socket'),
    }
  }

  #makeEdge(config: Config, gate: TraceGate, connector: Connector): EdgeMode {
    const { relay, proto_tls, state_dir } = config
    const sockets: OwnSocket[] = [...this.#parts.listeners, ...this.#parts.datagrams].filter(
      ({ config }) => config.relay === 'edge',
    )
    const secret = relay.flow_secret ?? flowSecret(state_dir)
    const edge = new EdgeMode({
      config: () => this.#parts.config,
      own: new OwnAddresses(sockets, undefined, proto_tls.tls_port),
      tokens: new FlowTokens(secret),
      seals: new CallSeals(secret),
      resolver: new Resolver({ servers: relay.dns_server, tlsPort: proto_tls.tls_port }),
      connector,
      contexts: () => this.#parts.contexts as TlsContexts,
      datagrams: this.#parts.datagrams,
      messages: this.#parts.connections.messages,
      tap: gate.tap,
      log: this.#parts.log('relay'),
      userAgent: `hepgate/${this.#parts.options.version}`,
    })
    edge.use(this.#parts.upstreams, relay.trunk)
    return edge
  }

  /** Once a minute: what is wrong is wrong for every connection. */
  readonly #acceptFailed = (error: Error): void => {
    this.#acceptErrors++
    const now = performance.now()
    if (now < this.#nextAcceptLogMs) return
    this.#nextAcceptLogMs = now + 60_000
    this.#parts
      .log('tls')
      .error({ error: error.message, since_start: this.#acceptErrors }, 'connections cannot be accepted')
  }
}
