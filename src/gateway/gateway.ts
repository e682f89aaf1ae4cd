/**
 * The composition root: this folder alone knows every part. Starts them in order, stops them in order, and answers
 * for the whole through GatewayView and GatewayControl. It decides nothing about messages.
 *
 *     start   telemetry → destinations → live view → gate → collector → TLS domains → upstreams → sockets → API
 *     stop    sockets → drain → API → gate → destinations → collector → live view → telemetry
 */
import { startApi } from '../api/server.js'
import type { ConnectionFacts } from '../base/facts.js'
import type { ChangeResult, GatewayControl, GatewayView } from '../base/ports.js'
import { nodeTimers } from '../base/timers.js'
import { Collector } from '../collector/collector.js'
import type { Config } from '../config/types.js'
import { Destinations } from '../destinations/registry.js'
import type { Inspection } from '../live/connections/rows.js'
import { Live } from '../live/live.js'
import { ConnectionLog } from '../telemetry/log/connection-log.js'
import { Telemetry } from '../telemetry/telemetry.js'
import { addressKey } from '../tls/address-counts.js'
import { configuredContexts } from '../tls/configured-contexts.js'
import { Connection } from '../tls/connection.js'
import { FanOut } from '../trace/fan-out.js'
import { configuredFilter } from '../trace/filter/configured.js'
import { TraceGate } from '../trace/gate.js'
import { KeylogFile } from '../trace/keylog.js'
import { TraceStateFile } from '../trace/state-file.js'
import { Control } from './control.js'
import { type GatewayOptions, Parts } from './parts.js'
import { apiSettings, Reloads } from './reloads.js'
import { Sockets } from './sockets.js'
import { type Summary, summaryOf } from './summary.js'
import { upstreamsOf } from './upstreams.js'
import { traceStatus, View } from './view.js'

export interface Gateway {
  readonly view: GatewayView
  readonly control: GatewayControl
  readonly summary: Summary
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

class RunningGateway implements Gateway {
  readonly view: GatewayView
  readonly control: GatewayControl
  summary: Summary = {}
  readonly #parts: Parts
  readonly #reloads: Reloads
  #stopping: Promise<void> | undefined

  constructor(config: Config, options: GatewayOptions) {
    this.#parts = new Parts(config, options)
    this.#reloads = new Reloads(this.#parts)
    this.view = new View(this.#parts)
    this.control = new Control(this.#parts, this.#reloads)
  }

  async start(): Promise<void> {
    const parts = this.#parts
    const { config } = parts
    // First of those that hear of connections: the others tell the ids of their spans.
    parts.telemetry = await this.#startTelemetry()
    parts.connectionLog = new ConnectionLog(parts.options.logs, parts.observers)
    const destinations = new Destinations(config, parts.log('hep'))
    parts.destinations = destinations
    // Before the gate: of the two that hear a connection end, the live view shall still find it traced.
    const live = this.#makeLive()
    parts.live = live
    parts.gate = await this.#makeGate(destinations, live)
    if (config.collector.listen.length > 0) {
      parts.collector = await Collector.open(config.collector, parts.log('collector'))
      parts.collector.onPacket(({ packet }) => live.received(packet))
    }
    parts.contexts = await configuredContexts(config, parts.log('tls'))
    parts.upstreams = await upstreamsOf(config, parts)
    await new Sockets(parts).open()
    if (config.api.listen !== undefined) await this.#startApi(config.api.listen)
    parts.state = 'running'
    live.start()
    this.summary = summaryOf(parts)
  }

  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason)
    return this.#stopping
  }

  reload(by: string): Promise<ChangeResult> {
    return this.#reloads.all(by)
  }

  #startTelemetry(): Promise<Telemetry> {
    const { config, options, observers } = this.#parts
    return Telemetry.start({
      config: config.telemetry,
      version: options.version,
      nodeName: config.proto_hep.hep_node_name,
      log: this.#parts.log('telemetry'),
      observers,
      status: () => this.view.status(),
      ready: async () => (await this.view.readiness()).ready,
      logRepeats: () => options.logs.repeats,
      env: process.env,
    })
  }

  #makeLive(): Live {
    const parts = this.#parts
    const { config, connections } = parts
    return new Live({
      config: config.live,
      stateDir: config.state_dir,
      version: parts.options.version,
      log: parts.log('live'),
      observers: parts.observers,
      facts: () => connections.facts(),
      get: (id) => connections.get(id)?.facts,
      inspect: (id) => this.#inspect(id),
      traced: (facts) => parts.gate?.isTraced(facts) === true,
      peerKey: addressKey,
      nowMicros: connections.nowMicros,
      status: () => this.view.status(),
      trace: async () => traceStatus(parts),
      destinations: () => parts.destinations?.status() ?? [],
      domains: () => parts.contexts?.domains() ?? [],
      maxConnections: () => config.limits.max_connections,
    })
  }

  /** What is not in the facts of a connection, because only those who look at it need it. */
  #inspect(id: string): Inspection | undefined {
    const connection = this.#parts.connections.get(id)
    if (!(connection instanceof Connection)) return undefined
    const ownChain = this.#parts.contexts?.ownChain(connection.facts) ?? []
    return { ownChain, peerChain: connection.peerChain(), ...connection.queue }
  }

  readonly #traceTimeOver = (facts: ConnectionFacts | undefined): void => {
    const [action, what] =
      facts === undefined
        ? ['trace-off', 'tracing switched itself off: its time is over']
        : ['pick-off', `connection ${facts.id} is no longer traced on its own: its time is over`]
    this.#parts.note({ by: 'gateway', action, what })
  }

  async #makeGate(destinations: Destinations, live: Live): Promise<TraceGate> {
    const parts = this.#parts
    const { proto_tls, trace, state_dir } = parts.config
    if (trace.keylog_file !== undefined) parts.keylog = new KeylogFile(trace.keylog_file, parts.log('trace'))
    return new TraceGate({
      traceOn: proto_tls.trace_on,
      coreEvents: trace.core_events,
      sinks: new FanOut([destinations, live.store]),
      filter: await configuredFilter(parts.config),
      keylog: parts.keylog,
      clock: parts.connections.nowMicros,
      timers: nodeTimers,
      live: () => parts.connections.facts(),
      store: new TraceStateFile(state_dir),
      timeOver: this.#traceTimeOver,
      log: parts.log('trace'),
    })
  }

  async #startApi(listen: NonNullable<Config['api']['listen']>): Promise<void> {
    const { config, options } = this.#parts
    this.#parts.api = await startApi({
      ...apiSettings(config),
      listen,
      view: this.view,
      control: this.control,
      log: this.#parts.log('api'),
      version: options.version,
      viewers: config.live.viewers,
      peerKey: addressKey,
    })
  }

  async #stop(reason: string): Promise<void> {
    const parts = this.#parts
    const { drain_timeout } = parts.config.limits
    const hasRun = parts.state === 'running'
    if (hasRun) parts.log('gateway').info({ reason, open: parts.connections.open }, 'stopping')
    parts.state = 'draining'
    for (const listener of [...parts.listeners, ...parts.datagrams]) listener.stop()
    parts.edge?.stop()
    await parts.connections.drain(drain_timeout)
    await this.#reloads.settled()
    parts.live?.endStreams()
    await parts.api?.close()
    parts.connections.stop()
    parts.gate?.stop()
    await parts.keylog?.close()
    await parts.destinations?.close()
    parts.responder?.stop()
    await parts.collector?.close()
    await parts.live?.stop()
    parts.totals.stop()
    parts.state = 'stopped'
    parts.logLevels.stop()
    parts.messageLog.stop()
    parts.connectionLog?.stop()
    await parts.telemetry?.stop()
    if (hasRun) parts.log('gateway').info({}, 'stopped')
  }
}
