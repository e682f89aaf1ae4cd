/**
 * The composition root: the only file that knows every part. Starts them in order, reloads what can be
 * changed while connections live, stops them in order, and answers for the whole through
 * GatewayView and GatewayControl. It decides nothing about messages.
 *
 *     start   collector → destinations → gate → TLS domains → upstreams → listeners → API
 *     stop    listeners → drain → API → gate → destinations → collector
 */
import { hostname } from 'node:os'
import { isAbsolute } from 'node:path'
import { type Api, startApi } from './api/server.js'
import { endpointText } from './base/address.js'
import { connectionIds, microClock } from './base/clock.js'
import { UsageError } from './base/errors.js'
import type { ConnectionFacts, Transport } from './base/facts.js'
import type { Log } from './base/log.js'
import type {
  CollectedQuery,
  FilterMatch,
  GatewayControl,
  GatewayStatus,
  GatewayView,
  Readiness,
  RouteProblem,
  TraceRequest,
  TraceStatus,
} from './base/ports.js'
import { collected } from './collector/collected.js'
import { Collector } from './collector/collector.js'
import { ConfigError, loadConfig } from './config/load.js'
import { reloaded } from './config/reload.js'
import type { Config } from './config/types.js'
import { Destinations } from './destinations/registry.js'
import { CallSeals } from './relay/call-seal.js'
import { EdgeMode } from './relay/edge-mode.js'
import { FlowTokens, flowSecret } from './relay/flow.js'
import { OwnAddresses, type OwnSocket } from './relay/own-addresses.js'
import type { Probing } from './relay/peer.js'
import { Resolver } from './relay/resolver.js'
import { Responder } from './relay/responder.js'
import { openTunnel, type TunnelOptions } from './relay/tunnel.js'
import { Upstream } from './relay/upstreams.js'
import { ConnectionTotals } from './telemetry/counters.js'
import type { AcceptorOptions } from './tls/acceptor.js'
import type { Connection } from './tls/connection.js'
import { Connections } from './tls/connections.js'
import { Connector } from './tls/connector.js'
import { buildContexts, type TlsContexts } from './tls/contexts.js'
import { DatagramListener, type DatagramOptions } from './tls/datagram.js'
import { Listener } from './tls/listener.js'
import { ensureSelfSigned, selfSignedDomain } from './tls/self-signed.js'
import type { TraceFilter } from './trace/filter/filter.js'
import { loadModuleFilter } from './trace/filter/module.js'
import { compileRoutes } from './trace/filter/routes.js'
import { TraceGate } from './trace/gate.js'
import { KeylogFile } from './trace/keylog.js'
import { TraceStateFile } from './trace/state-file.js'
import { nodeTimers } from './trace/timers.js'

export interface GatewayOptions {
  readonly log: Log
  /** read again on reload; undefined: the configuration is not from a file */
  readonly configPath: string | undefined
  /** of hepgate */
  readonly version: string
}

export interface ReloadResult {
  readonly ok: boolean
  readonly problems: readonly string[]
}

export interface Gateway {
  readonly view: GatewayView
  readonly control: GatewayControl
  /** what listens where, with which certificates, and where SIP and traces go: a name, and lines for a person */
  readonly summary: Readonly<Record<string, readonly string[]>>
  /** Drains and stops; may be called again. `reason` is for the log. */
  stop(reason: string): Promise<void>
  reload(by: string): Promise<ReloadResult>
}

/** Throws UsageError for what the operator can mend. What was started before the problem is stopped again. */
export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const gateway = new RunningGateway(config, options)
  try {
    await gateway.start()
    return gateway
  } catch (error) {
    await gateway.stop('it could not start')
    throw error
  }
}

class RunningGateway implements Gateway, GatewayView, GatewayControl {
  summary: Gateway['summary'] = {}
  readonly #options: GatewayOptions
  readonly #log: Log
  readonly #startedAt = new Date()
  readonly #totals = new ConnectionTotals()
  readonly #connections: Connections
  #config: Config
  #contexts: TlsContexts | undefined
  #collector: Collector | undefined
  #destinations: Destinations | undefined
  #keylog: KeylogFile | undefined
  #gate: TraceGate | undefined
  #responder: Responder | undefined
  #upstreams: readonly Upstream[] = []
  #listeners: Listener[] = []
  #datagrams: DatagramListener[] = []
  #edge: EdgeMode | undefined
  #api: Api | undefined
  #state: GatewayStatus['state'] = 'starting'
  #stopping: Promise<void> | undefined
  #lastReload: GatewayStatus['reload']
  #acceptErrors = 0
  #nextAcceptLogMs = 0
  #reloading: Promise<unknown> = Promise.resolve()

  constructor(config: Config, options: GatewayOptions) {
    this.#config = config
    this.#options = options
    this.#log = options.log
    this.#connections = new Connections(config, connectionIds(), microClock())
  }

  get view(): GatewayView {
    return this
  }

  get control(): GatewayControl {
    return this
  }

  async start(): Promise<void> {
    const config = this.#config
    if (config.collector.listen.length > 0) this.#collector = await Collector.open(config.collector, this.#log)
    this.#destinations = new Destinations(config, this.#log)
    this.#gate = await this.#makeGate(this.#destinations)
    this.#contexts = await this.#makeContexts(config)
    this.#upstreams = await this.#makeUpstreams(config)
    await this.#listen(config, this.#gate)
    if (config.api.listen !== undefined) {
      const { listen, token } = config.api
      this.#api = await startApi({
        listen,
        token,
        view: this,
        control: this,
        log: this.#log,
        version: this.#options.version,
      })
    }
    this.#state = 'running'
    this.summary = this.#summarize()
  }

  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason)
    return this.#stopping
  }

  // ── GatewayControl ──

  async setTrace(request: TraceRequest): Promise<TraceStatus> {
    this.#running.gate.set(request)
    return this.trace()
  }

  async setFilter(text: string, by: string): Promise<{ matches: FilterMatch[] } | { problems: RouteProblem[] }> {
    const compiled = compileRouteText(this.#config, text)
    if ('problems' in compiled) return compiled
    const { gate } = this.#running
    const matches = await gate.dryRun(compiled.filter)
    gate.setFilter(compiled.filter, 'api')
    this.#log.info({ by, matches: matches.filter((match) => match.traced).length }, 'trace filter replaced')
    return { matches }
  }

  async closeConnection(id: string, by: string): Promise<boolean> {
    const connection = this.#connections.get(id)
    if (connection === undefined) return false
    this.#log.info({ by, conn_id: id }, 'connection closed by an operator')
    if (connection.state === 'opening') connection.close('killed', 'closed by an operator')
    else connection.end('killed', 'closed by an operator')
    return true
  }

  /**
   * Builds everything new first; on a problem nothing is changed. Sockets, limits and timeouts need a
   * restart. One at a time: the file as it is when the last one begins is what runs in the end.
   */
  reload(by: string): Promise<ReloadResult> {
    const result = this.#reloading.then(() => this.#reloadOnce(by))
    this.#reloading = result
    return result
  }

  // ── GatewayView ──

  async trace(): Promise<TraceStatus> {
    return { ...this.#running.gate.status(), destination: this.#config.proto_tls.trace_destination }
  }

  async dryRunFilter(text: string): Promise<{ matches: FilterMatch[] } | { problems: RouteProblem[] }> {
    const compiled = compileRouteText(this.#config, text)
    return 'problems' in compiled ? compiled : { matches: await this.#running.gate.dryRun(compiled.filter) }
  }

  async connections(): Promise<readonly Omit<ConnectionFacts, 'keylog' | 'trace'>[]> {
    return Array.from(this.#connections, ({ facts }) => {
      const { keylog: _keylog, trace: _trace, ...shown } = facts
      return shown
    })
  }

  async collected(query: CollectedQuery): Promise<readonly string[] | undefined> {
    return this.#collector && collected(this.#collector.packets(), query)
  }

  async readiness(): Promise<Readiness> {
    const reasons: string[] = []
    if (this.#state !== 'running') reasons.push(`the gateway is ${this.#state}`)
    if (this.#upstreams.length > 0 && this.#upstreams.every((upstream) => upstream.status().state === 'down')) {
      reasons.push('no upstream could be reached at the last attempt')
    }
    // A dead collector is no reason to take calls away from this gateway: it may lose traces, not traffic.
    return { ready: reasons.length === 0, reasons }
  }

  async status(): Promise<GatewayStatus> {
    const totals = this.#totals
    const connections = this.#connections
    return {
      version: this.#options.version,
      node: process.version,
      pid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      uptimeSeconds: Math.floor(process.uptime()),
      state: this.#state,
      listeners: await Promise.all([...this.#listeners, ...this.#datagrams].map((listener) => listener.status())),
      upstreams: [...this.#upstreams.map((upstream) => upstream.status()), ...(this.#edge?.trunkStatus() ?? [])],
      domains: this.#contexts?.list() ?? [],
      edge: this.#edge?.status(),
      connections: {
        open: connections.open,
        inHandshake: connections.inHandshake,
        acceptedTotal: totals.accepted,
        connectedTotal: totals.connected,
        closedTotal: totals.closed,
        failures: totals.failures,
      },
      messages: {
        relayed: connections.messages.sent,
        lost: connections.messages.lost,
        pings: connections.counters.pings,
      },
      trace: { ...(await this.trace()), ...this.#running.gate.counters(), keylogFile: this.#keylog?.counters },
      destinations: this.#destinations?.status() ?? [],
      collector: this.#collector?.status(),
      reload: this.#lastReload,
    }
  }

  // ── parts ──

  /** What exists from the end of `start` on. */
  get #running(): { gate: TraceGate; destinations: Destinations } {
    if (this.#gate === undefined || this.#destinations === undefined) throw new Error('the gateway has not started')
    return { gate: this.#gate, destinations: this.#destinations }
  }

  async #makeGate(sinks: Destinations): Promise<TraceGate> {
    const { proto_tls, trace, state_dir } = this.#config
    if (trace.keylog_file !== undefined) this.#keylog = new KeylogFile(trace.keylog_file, this.#log)
    return new TraceGate({
      traceOn: proto_tls.trace_on,
      coreEvents: trace.core_events,
      sinks,
      filter: await configuredFilter(this.#config),
      keylog: this.#keylog,
      clock: this.#connections.nowMicros,
      timers: nodeTimers,
      live: () => this.#connections.facts(),
      store: new TraceStateFile(state_dir),
      log: this.#log,
    })
  }

  async #makeContexts(config: Config): Promise<TlsContexts> {
    const { contexts, problems } = buildContexts(await withSelfSigned(config))
    for (const { severity, domain, file, message } of problems) {
      if (severity === 'warning') this.#log.warn({ domain, file }, message)
    }
    if (contexts === undefined) {
      const errors = problems.filter(({ severity }) => severity === 'error')
      throw new UsageError(errors.map(({ domain, file, message }) => `${domain}: ${file}: ${message}`).join('\n'))
    }
    return contexts
  }

  /** Those that are configured as before stay, with what is known of them. */
  async #makeUpstreams(config: Config): Promise<readonly Upstream[]> {
    let wanted = config.relay.upstream
    if (wanted.length === 0) {
      this.#responder ??= await Responder.open(this.#connections.framerLimits, this.#log)
      wanted = [this.#responder.upstream]
    }
    const probing = config.relay.upstream.length === 0 ? undefined : probingOf(config)
    return wanted.map(
      (upstream) =>
        this.#upstreams.find(({ config }) => JSON.stringify(config) === JSON.stringify(upstream)) ??
        new Upstream(upstream, probing),
    )
  }

  /** Once a minute: what is wrong is wrong for every connection. */
  readonly #acceptFailed = (error: Error): void => {
    this.#acceptErrors++
    const now = performance.now()
    if (now < this.#nextAcceptLogMs) return
    this.#nextAcceptLogMs = now + 60_000
    this.#log.error({ error: error.message, since_start: this.#acceptErrors }, 'connections cannot be accepted')
  }

  #summarize(): Gateway['summary'] {
    const { gate, destinations } = this.#running
    const sockets = (transport: Transport): string[] =>
      [...this.#listeners, ...this.#datagrams]
        .filter(({ config }) => config.transport === transport)
        .map(({ address }) => endpointText(address))
    const certificates = (this.#contexts?.list() ?? [])
      .filter(({ role }) => role === 'server')
      .flatMap(({ name, certificates }) => certificates.map((one) => ({ name, ...one })))
    const { trace_mode, until } = gate.status()
    const sinks = destinations.status().map(({ id, address }) => `${id} (${address})`)
    return {
      'SIP over TLS': sockets('tls'),
      'SIP over TCP': sockets('tcp'),
      'SIP over UDP': sockets('udp'),
      certificates: certificates.map(({ name, subject, notAfter }) => `${name}: ${subject}, valid until ${notAfter}`),
      'relays to': this.#upstreams.map((upstream) => upstream.status().uri),
      'keeps connected': this.#edge?.trunkStatus().map(({ uri }) => uri) ?? [],
      'traces to': sinks.length === 0 ? ['nowhere: proto_tls.trace_destination is not set'] : sinks,
      tracing: [until === undefined ? trace_mode : `${trace_mode} until ${until}`],
      'HEP collector': this.#collector?.addresses ?? [],
      'HTTP API': this.#api === undefined ? [] : [this.#api.url],
    }
  }

  async #listen(config: Config, gate: TraceGate): Promise<void> {
    const { proto_tls, relay, limits } = config
    const keepAlive = { keepAlive: limits.tcp_keepalive, keepIdleSeconds: limits.tcp_keepidle }
    const contexts = (): TlsContexts => this.#contexts as TlsContexts
    const handshakeTimeoutMs = proto_tls.tls_handshake_timeout
    const connector = new Connector({
      connections: this.#connections,
      contexts,
      connectTimeoutMs: relay.connect_timeout,
      handshakeTimeoutMs,
      ...keepAlive,
    })
    const tunnel: TunnelOptions = {
      connector,
      upstreams: () => this.#upstreams,
      tap: gate.tap,
      messages: this.#connections.messages,
      proxyProtocol: relay.proxy_protocol,
      async: proto_tls.tls_async,
      maxPostponed: proto_tls.tls_async_max_postponed_chunks,
      traceCoreLeg: config.trace.core_leg,
    }
    const acceptor = { connections: this.#connections, contexts, handshakeTimeoutMs, ...keepAlive }
    for (const socket of config.socket) {
      if (socket.transport === 'udp') {
        this.#datagrams.push(await DatagramListener.open(socket, this.#datagramOptions(limits)))
        continue
      }
      const onConnection: AcceptorOptions['onConnection'] =
        socket.relay === 'tunnel' ? (client) => openTunnel(client, tunnel) : this.#acceptAtEdge
      this.#listeners.push(
        await Listener.open(socket, { ...acceptor, onConnection, onAcceptError: this.#acceptFailed }),
      )
    }
    if (config.socket.some(({ relay }) => relay === 'edge')) this.#edge = this.#makeEdge(config, gate, connector)
  }

  /** A connection may come before the last socket is bound, and with it our own addresses known. */
  readonly #acceptAtEdge = (client: Connection): void => {
    if (this.#edge === undefined) client.close('shutdown', 'the gateway is still starting')
    else this.#edge.accept(client)
  }

  #datagramOptions(limits: Config['limits']): DatagramOptions {
    return {
      home: this.#connections,
      onAssociation: (association) => {
        if (this.#edge === undefined) association.close('shutdown', 'the gateway is still starting')
        else this.#edge.associate(association)
      },
      onTruncated: (...message) => this.#edge?.truncated(...message),
      maxMessageBytes: limits.max_message_bytes,
      idleMs: limits.tcp_connection_lifetime * 1000,
      onLarge: (bytes, peer) => this.#edge?.largeDatagram(bytes, peer),
      onError: (error, sinceStart) => this.#log.warn({ error: error.message, since_start: sinceStart }, 'UDP socket'),
    }
  }

  #makeEdge(config: Config, gate: TraceGate, connector: Connector): EdgeMode {
    const { relay, proto_tls, state_dir } = config
    const sockets: OwnSocket[] = [...this.#listeners, ...this.#datagrams].filter(
      ({ config }) => config.relay === 'edge',
    )
    const secret = relay.flow_secret ?? flowSecret(state_dir)
    const edge = new EdgeMode({
      config: () => this.#config,
      own: new OwnAddresses(sockets, undefined, proto_tls.tls_port),
      tokens: new FlowTokens(secret),
      seals: new CallSeals(secret),
      resolver: new Resolver({ servers: relay.dns_server, tlsPort: proto_tls.tls_port }),
      connector,
      contexts: () => this.#contexts as TlsContexts,
      datagrams: this.#datagrams,
      messages: this.#connections.messages,
      tap: gate.tap,
      log: this.#log,
      userAgent: `hepgate/${this.#options.version}`,
    })
    edge.use(this.#upstreams, relay.trunk)
    return edge
  }

  async #reloadOnce(by: string): Promise<ReloadResult> {
    const result = await this.#reload()
    this.#lastReload = { at: new Date().toISOString(), ...result }
    if (result.ok) this.#log.info({ by, notes: result.problems }, 'configuration reloaded')
    else this.#log.error({ by, problems: result.problems }, 'reload failed, the old configuration keeps running')
    return result
  }

  async #reload(): Promise<ReloadResult> {
    if (this.#state !== 'running') return { ok: false, problems: [`the gateway is ${this.#state}`] }
    const { configPath } = this.#options
    try {
      const read = configPath === undefined ? this.#config : loadConfig(configPath)
      const { config, notes } = reloaded(this.#config, read)
      const contexts = await this.#makeContexts(config)
      const filter = await configuredFilter(config)
      const upstreams = await this.#makeUpstreams(config)
      // Told to stop meanwhile: what was released must not be kept connected again.
      if (this.#state !== 'running') return { ok: false, problems: [`the gateway is ${this.#state}`] }
      // From here on nothing can fail but the destinations, which check before they change anything.
      const { gate, destinations } = this.#running
      destinations.reload(config)
      this.#contexts = contexts
      if (gate.status().filterSource !== 'api') gate.setFilter(filter, 'config')
      this.#upstreams = upstreams
      this.#keylog?.reopen()
      this.#config = config
      this.#connections.trustDomains = config.trust.domains
      this.#edge?.use(upstreams, config.relay.trunk)
      return { ok: true, problems: notes }
    } catch (error) {
      if (error instanceof ConfigError)
        return { ok: false, problems: error.problems.map((p) => `line ${p.line}: ${p.path}: ${p.message}`) }
      if (error instanceof UsageError) return { ok: false, problems: error.message.split('\n') }
      // A state directory that cannot be written, a disk that is full: no reason to end what runs.
      return { ok: false, problems: [error instanceof Error ? error.message : String(error)] }
    }
  }

  async #stop(reason: string): Promise<void> {
    const { drain_timeout } = this.#config.limits
    const hasRun = this.#state === 'running'
    if (hasRun) this.#log.info({ reason, open: this.#connections.open }, 'stopping')
    this.#state = 'draining'
    for (const listener of [...this.#listeners, ...this.#datagrams]) listener.stop()
    this.#edge?.stop()
    await this.#connections.drain(drain_timeout)
    await this.#reloading
    await this.#api?.close()
    this.#connections.stop()
    this.#gate?.stop()
    await this.#keylog?.close()
    await this.#destinations?.close()
    this.#responder?.stop()
    await this.#collector?.close()
    this.#totals.stop()
    this.#state = 'stopped'
    if (hasRun) this.#log.info({}, 'stopped')
  }
}

/** Upstreams are probed in edge mode only: in a tunnel an OPTIONS of ours would need a connection of its own. */
function probingOf({ socket, relay }: Config): Probing | undefined {
  if (relay.options_interval === 0 || !socket.some(({ relay }) => relay === 'edge')) return undefined
  return { intervalMs: relay.options_interval * 1000, threshold: relay.options_threshold }
}

/** Without a server domain of its own the gateway serves a certificate it made itself. */
async function withSelfSigned(config: Config): Promise<Config['tls_mgm']> {
  const needsOne =
    config.tls_mgm.server_domain.length === 0 && config.socket.some(({ transport }) => transport === 'tls')
  if (!needsOne) return config.tls_mgm
  const names = config.socket.flatMap(({ advertise }) => (advertise === undefined ? [] : [advertise.host]))
  const made = await ensureSelfSigned(
    config.state_dir,
    [...names, hostname(), 'localhost', '127.0.0.1', '::1'],
    new Date(),
  ).catch((error: Error) => {
    throw new UsageError(`state_dir: the certificate made for this gateway cannot be kept there: ${error.message}`)
  })
  return { ...config.tls_mgm, server_domain: [selfSignedDomain(made)] }
}

/** The filter the configuration names: a module by its path, or a route. */
async function configuredFilter(config: Config): Promise<TraceFilter | undefined> {
  const name = config.proto_tls.trace_filter_route
  if (name === undefined) return undefined
  const compiled = isAbsolute(name) ? await loadModuleFilter(name) : compileRoutes(config.routes, name)
  if ('filter' in compiled) return compiled.filter
  const places = compiled.problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`)
  throw new UsageError(places.join('\n'))
}

/** A route text that came over HTTP; it may call the routes of the configuration. */
function compileRouteText(config: Config, text: string): ReturnType<typeof compileRoutes> {
  const name = 'filter of the API'
  return compileRoutes({ ...config.routes, [name]: text }, name)
}
