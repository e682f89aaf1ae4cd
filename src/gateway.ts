/**
 * The composition root: the only file that knows every part. Starts them in order, reloads what can be
 * changed while connections live, stops them in order, and answers for the whole through
 * GatewayView and GatewayControl. It decides nothing about messages.
 *
 *     start   live view → collector → destinations → gate → TLS domains → upstreams → listeners → API
 *     stop    listeners → drain → API → gate → destinations → collector → live view
 */
import { type Api, type ApiSettings, startApi } from './api/server.js'
import { endpointText } from './base/address.js'
import { connectionIds, microClock } from './base/clock.js'
import { UsageError } from './base/errors.js'
import type { Transport } from './base/facts.js'
import type {
  AuditEntry,
  CallDetail,
  CallQuery,
  CallRow,
  CaptureRequest,
  ConnectionDetail,
  ConnectionQuery,
  ConnectionRow,
  DomainView,
  Overview,
  Page,
  Sample,
  SearchProblem,
  Viewer,
  WatchRequest,
} from './base/live.js'
import type { Log } from './base/log.js'
import type {
  ChangeResult,
  CollectedQuery,
  DestinationTest,
  DryRun,
  FilterView,
  GatewayControl,
  GatewayView,
  PickRequest,
  Readiness,
  RouteProblem,
  TraceRequest,
} from './base/ports.js'
import type { GatewayStatus, TraceScope, TraceStatus } from './base/status.js'
import { collected } from './collector/collected.js'
import { Collector } from './collector/collector.js'
import { ConfigError, loadConfig } from './config/load.js'
import { reloaded } from './config/reload.js'
import type { Config } from './config/types.js'
import { Destinations } from './destinations/registry.js'
import type { AuditNote } from './live/audit.js'
import { Live } from './live/live.js'
import type { Inspection } from './live/rows.js'
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
import { addressKey } from './tls/address-counts.js'
import { configuredContexts } from './tls/configured-contexts.js'
import { Connection } from './tls/connection.js'
import { Connections } from './tls/connections.js'
import { Connector } from './tls/connector.js'
import type { TlsContexts } from './tls/contexts.js'
import { DatagramListener, type DatagramOptions } from './tls/datagram.js'
import { Listener } from './tls/listener.js'
import { readIdentity } from './tls/material.js'
import { FanOut } from './trace/fan-out.js'
import { configuredFilter, configuredText, filterOfText } from './trace/filter/configured.js'
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

export interface Gateway {
  readonly view: GatewayView
  readonly control: GatewayControl
  /** what listens where, with which certificates, and where SIP and traces go: a name, and lines for a person */
  readonly summary: Readonly<Record<string, readonly string[]>>
  /** Drains and stops; may be called again. `reason` is for the log. */
  stop(reason: string): Promise<void>
  reload(by: string): Promise<ChangeResult>
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
  readonly #live: Live
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
  /** what was last set over HTTP */
  #filterText: string | undefined

  constructor(config: Config, options: GatewayOptions) {
    this.#config = config
    this.#options = options
    this.#log = options.log
    this.#connections = new Connections(config, connectionIds(), microClock())
    this.#live = this.#makeLive(config)
  }

  get view(): GatewayView {
    return this
  }

  get control(): GatewayControl {
    return this
  }

  async start(): Promise<void> {
    const config = this.#config
    if (config.collector.listen.length > 0) {
      this.#collector = await Collector.open(config.collector, this.#log)
      this.#collector.onPacket(({ packet }) => this.#live.received(packet))
    }
    this.#destinations = new Destinations(config, this.#log)
    this.#gate = await this.#makeGate(this.#destinations)
    this.#contexts = await configuredContexts(config, this.#log)
    this.#upstreams = await this.#makeUpstreams(config)
    await this.#listen(config, this.#gate)
    if (config.api.listen !== undefined) {
      this.#api = await startApi({
        ...apiSettings(config),
        listen: config.api.listen,
        view: this,
        control: this,
        log: this.#log,
        version: this.#options.version,
        viewers: config.live.viewers,
      })
    }
    this.#state = 'running'
    this.#live.start()
    this.summary = this.#summarize()
  }

  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason)
    return this.#stopping
  }

  // ── GatewayControl: every change is noted ──

  async setTrace(request: TraceRequest): Promise<TraceStatus> {
    this.#running.gate.set(request)
    const status = await this.trace()
    const { by, trace_mode, scope, existing } = request
    const narrowed = scope === undefined ? '' : `, narrowed to ${scopeText(scope)}`
    const all = existing === true ? ', open connections too' : ''
    const what = trace_mode === 'on' ? `tracing switched on${narrowed}${all}` : 'tracing switched off'
    this.#note({ by, action: `trace-${trace_mode}`, what, until: status.until })
    return status
  }

  async pick({ id, on, forMs, by }: PickRequest): Promise<boolean> {
    const connection = this.#connections.get(id)
    if (connection === undefined) return false
    this.#running.gate.pick(connection.facts, { on, forMs, by })
    const until = this.#running.gate.status().picked.find(({ conn_id }) => conn_id === id)?.until
    const what = `connection ${id} ${on ? 'is traced on its own' : 'is no longer traced on its own'}`
    this.#note({ by, action: on ? 'pick-on' : 'pick-off', what, until })
    return true
  }

  async setFilter(text: string, by: string): Promise<DryRun | { problems: RouteProblem[] }> {
    const compiled = filterOfText(this.#config, text)
    if ('problems' in compiled) return compiled
    const { gate } = this.#running
    const run = await gate.dryRun(compiled.filter)
    gate.setFilter(compiled.filter, 'api')
    this.#filterText = text
    this.#note({ by, action: 'filter-set', what: `trace filter replaced; ${run.traced} of ${run.total} match` })
    return run
  }

  async resetFilter(by: string): Promise<FilterView> {
    this.#running.gate.setFilter(await configuredFilter(this.#config), 'config')
    this.#note({ by, action: 'filter-reset', what: 'trace filter is that of the configuration again' })
    return this.filter()
  }

  async pauseDestination(id: string, paused: boolean, by: string): Promise<boolean> {
    if (!this.#running.destinations.pause(id, paused)) return false
    const [action, what] = paused ? ['destination-paused', 'paused'] : ['destination-resumed', 'resumed']
    this.#note({ by, action, what: `HEP destination ${id} ${what}` })
    return true
  }

  async testDestination(id: string, by: string): Promise<DestinationTest | undefined> {
    const test = await this.#running.destinations.test(id)
    if (test === undefined) return undefined
    const { sent, correlation_id, problem } = test
    const outcome = sent ? `sent, ${correlation_id}` : problem
    this.#note({ by, action: 'destination-tested', what: `probe to HEP destination ${id}: ${outcome}`, ok: sent })
    return test
  }

  async closeConnection(id: string, by: string): Promise<boolean> {
    const connection = this.#connections.get(id)
    if (connection === undefined) return false
    const what = `connection ${id} of ${endpointText(connection.facts.peer)} closed`
    this.#note({ by, action: 'connection-closed', what })
    if (connection.state === 'opening') connection.close('killed', 'closed by an operator')
    else connection.end('killed', 'closed by an operator')
    return true
  }

  async keylog(id: string, by: string): Promise<readonly string[] | undefined> {
    const lines = this.#live.keylog(id)
    if (lines !== undefined && lines.length > 0) {
      this.#note({ by, action: 'keys-taken', what: `took the key log of connection ${id}` })
    }
    return lines
  }

  /**
   * Builds everything new first; on a problem nothing is changed. Sockets, limits and timeouts need a
   * restart. One at a time: the file as it is when the last one begins is what runs in the end.
   */
  reload(by: string): Promise<ChangeResult> {
    return this.#oneReload(async () => {
      const result = await this.#reload()
      this.#lastReload = { at: new Date().toISOString(), ...result }
      if (!result.ok) this.#log.error({ by, problems: result.problems }, 'reload failed')
      const what = result.ok ? 'configuration reloaded' : 'reload failed, the old configuration keeps running'
      this.#note({ by, action: 'reload', what: [what, ...result.problems].join('; '), ok: result.ok })
      return result
    })
  }

  reloadDomains(by: string): Promise<ChangeResult> {
    return this.#oneReload(async () => {
      const result = await this.#tried(async () => {
        this.#contexts = await configuredContexts(this.#config, this.#log)
        return []
      })
      const what = result.ok ? 'TLS domains reloaded' : 'the old certificates keep being used'
      this.#note({ by, action: 'domains-reload', what: [what, ...result.problems].join('; '), ok: result.ok })
      return result
    })
  }

  note(entry: { readonly by: string; readonly action: string; readonly what: string }): void {
    this.#note(entry)
  }

  // ── GatewayView ──

  async trace(): Promise<TraceStatus> {
    return { ...this.#running.gate.status(), destination: this.#config.proto_tls.trace_destination }
  }

  async filter(): Promise<FilterView> {
    const { filter: name, filterSource: source } = this.#running.gate.status()
    return { name, source, text: source === 'api' ? this.#filterText : configuredText(this.#config) }
  }

  async dryRunFilter(text: string | undefined, scope?: TraceScope): Promise<DryRun | { problems: RouteProblem[] }> {
    const { gate } = this.#running
    if (text === undefined) return gate.dryRun(gate.filter, scope)
    const compiled = filterOfText(this.#config, text)
    return 'problems' in compiled ? compiled : gate.dryRun(compiled.filter, scope)
  }

  async domains(): Promise<readonly DomainView[]> {
    return this.#live.domains()
  }

  async audit(): Promise<readonly AuditEntry[]> {
    return this.#live.audit.list()
  }

  overview(): Promise<Overview> {
    return this.#live.overview()
  }

  async history(): Promise<readonly Sample[]> {
    return this.#live.history()
  }

  connections(query: ConnectionQuery): Promise<Page<ConnectionRow> | SearchProblem> {
    return this.#live.connections(query)
  }

  async connection(id: string): Promise<ConnectionDetail | undefined> {
    return this.#live.connection(id)
  }

  async calls(query: CallQuery): Promise<Page<CallRow> | SearchProblem> {
    return this.#live.calls(query)
  }

  async call(callId: string): Promise<CallDetail | undefined> {
    return this.#live.call(callId)
  }

  watch(request: WatchRequest, viewer: Viewer): Promise<(() => void) | SearchProblem> {
    return this.#live.watch(request, viewer)
  }

  async capture(request: CaptureRequest): Promise<AsyncIterable<Buffer> | SearchProblem | undefined> {
    return this.#live.capture(request)
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

  #makeLive(config: Config): Live {
    const connections = this.#connections
    return new Live({
      config: config.live,
      stateDir: config.state_dir,
      version: this.#options.version,
      log: this.#log,
      facts: () => connections.facts(),
      get: (id) => connections.get(id)?.facts,
      inspect: (id) => this.#inspect(id),
      traced: (facts) => this.#gate?.isTraced(facts) === true,
      peerKey: addressKey,
      nowMicros: connections.nowMicros,
      status: () => this.status(),
      trace: () => this.trace(),
      destinations: () => this.#destinations?.status() ?? [],
      domains: () => this.#contexts?.domains() ?? [],
      maxConnections: () => config.limits.max_connections,
    })
  }

  /** What is not in the facts of a connection, because only those who look at it need it. */
  #inspect(id: string): Inspection | undefined {
    const connection = this.#connections.get(id)
    if (!(connection instanceof Connection)) return undefined
    const ownChain = this.#contexts?.ownChain(connection.facts) ?? []
    return { ownChain, peerChain: connection.peerChain(), ...connection.queue }
  }

  async #makeGate(destinations: Destinations): Promise<TraceGate> {
    const { proto_tls, trace, state_dir } = this.#config
    if (trace.keylog_file !== undefined) this.#keylog = new KeylogFile(trace.keylog_file, this.#log)
    return new TraceGate({
      traceOn: proto_tls.trace_on,
      coreEvents: trace.core_events,
      sinks: new FanOut([destinations, this.#live.store]),
      filter: await configuredFilter(this.#config),
      keylog: this.#keylog,
      clock: this.#connections.nowMicros,
      timers: nodeTimers,
      live: () => this.#connections.facts(),
      store: new TraceStateFile(state_dir),
      log: this.#log,
    })
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

  #oneReload(work: () => Promise<ChangeResult>): Promise<ChangeResult> {
    const result = this.#reloading.then(work)
    this.#reloading = result
    return result
  }

  #reload(): Promise<ChangeResult> {
    return this.#tried(async () => {
      const { configPath } = this.#options
      const read = configPath === undefined ? this.#config : loadConfig(configPath)
      const { config, notes } = reloaded(this.#config, read)
      const contexts = await configuredContexts(config, this.#log)
      const filter = await configuredFilter(config)
      const upstreams = await this.#makeUpstreams(config)
      const useApiSettings = this.#api?.prepare(apiSettings(config))
      // Told to stop meanwhile: what was released must not be kept connected again.
      this.#mustRun()
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
      useApiSettings?.()
      return notes
    })
  }

  /** What `work` says is a note; what it throws is a problem, and nothing has changed. */
  async #tried(work: () => Promise<readonly string[]>): Promise<ChangeResult> {
    try {
      this.#mustRun()
      return { ok: true, problems: await work() }
    } catch (error) {
      if (error instanceof ConfigError)
        return { ok: false, problems: error.problems.map((p) => `line ${p.line}: ${p.path}: ${p.message}`) }
      if (error instanceof UsageError) return { ok: false, problems: error.message.split('\n') }
      // A state directory that cannot be written, a disk that is full: no reason to end what runs.
      return { ok: false, problems: [error instanceof Error ? error.message : String(error)] }
    }
  }

  #mustRun(): void {
    if (this.#state !== 'running') throw new UsageError(`the gateway is ${this.#state}`)
  }

  #note(note: Omit<AuditNote, 'ok'> & { readonly ok?: boolean }): void {
    this.#live.audit.add({ ok: true, ...note })
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
    await this.#live.stop()
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

function apiSettings({ api }: Config): ApiSettings {
  const { token, tokens, rate_limit, certificate, private_key } = api
  const identity =
    certificate === undefined || private_key === undefined ? undefined : readIdentity(certificate, private_key)
  return { token, tokens, rate_limit, identity }
}

/** `peer 203.0.113.9, user alice` */
function scopeText({ peer, sni, user, call_id }: TraceScope): string {
  const parts = { peer: peer?.join(' '), sni, user, 'Call-ID': call_id }
  return Object.entries(parts)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ')
}
