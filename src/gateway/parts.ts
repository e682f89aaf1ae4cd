/**
 * Everything that runs, in one place for those of this folder: the composition root makes and ends it, the view
 * reads it, the controls change it. It does nothing itself but tell what is there.
 */
import type { Api } from '../api/server.js'
import { connectionIds, microClock } from '../base/clock.js'
import type { Log, LogComponent, Logs } from '../base/log.js'
import { Observers } from '../base/observers.js'
import type { GatewayStatus } from '../base/status.js'
import { nodeTimers } from '../base/timers.js'
import type { Collector } from '../collector/collector.js'
import type { Config } from '../config/types.js'
import type { Destinations } from '../destinations/registry.js'
import type { AuditNote } from '../live/audit.js'
import type { Live } from '../live/live.js'
import type { EdgeMode } from '../relay/edge-mode.js'
import type { Responder } from '../relay/responder.js'
import type { Upstream } from '../relay/upstreams.js'
import type { ConnectionLog } from '../telemetry/log/connection-log.js'
import { MessageLog } from '../telemetry/log/message-log.js'
import { ConnectionTotals } from '../telemetry/metrics/connection-totals.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { Connections } from '../tls/connections.js'
import type { TlsContexts } from '../tls/contexts.js'
import type { DatagramListener } from '../tls/datagram.js'
import type { Listener } from '../tls/listener.js'
import type { TraceGate } from '../trace/gate.js'
import type { KeylogFile } from '../trace/keylog.js'
import { LogLevels } from './log-levels.js'

export interface GatewayOptions {
  readonly logs: Logs
  /** read again on reload; undefined: the configuration is not from a file */
  readonly configPath: string | undefined
  /** of hepgate */
  readonly version: string
}

/** What exists from the end of the start on. */
export interface Running {
  readonly gate: TraceGate
  readonly destinations: Destinations
  readonly live: Live
}

/** What is undefined has not been started, or is not configured. */
export class Parts {
  readonly options: GatewayOptions
  readonly startedAt = new Date()
  readonly observers: Observers
  readonly totals: ConnectionTotals
  readonly connections: Connections
  readonly messageLog: MessageLog
  readonly logLevels: LogLevels
  state: GatewayStatus['state'] = 'starting'
  config: Config
  telemetry: Telemetry | undefined
  connectionLog: ConnectionLog | undefined
  live: Live | undefined
  contexts: TlsContexts | undefined
  collector: Collector | undefined
  destinations: Destinations | undefined
  keylog: KeylogFile | undefined
  gate: TraceGate | undefined
  responder: Responder | undefined
  upstreams: readonly Upstream[] = []
  readonly listeners: Listener[] = []
  readonly datagrams: DatagramListener[] = []
  edge: EdgeMode | undefined
  api: Api | undefined
  lastReload: GatewayStatus['reload']
  /** the text of the trace filter that was last set over HTTP */
  filterText: string | undefined

  constructor(config: Config, options: GatewayOptions) {
    this.config = config
    this.options = options
    this.connections = new Connections(config, connectionIds(), microClock())
    this.observers = new Observers(this.log('telemetry'))
    this.totals = new ConnectionTotals(this.observers)
    this.messageLog = new MessageLog(options.logs, this.observers)
    this.logLevels = new LogLevels({
      logs: options.logs,
      configured: config.log.levels,
      timers: nodeTimers,
      nowMs: Date.now,
      changed: () => this.messageLog.refresh(),
      timeOver: this.#logTimeOver,
    })
  }

  log(component: LogComponent): Log {
    return this.options.logs.of(component)
  }

  get running(): Running {
    const { gate, destinations, live } = this
    if (gate === undefined || destinations === undefined || live === undefined) {
      throw new Error('the gateway has not started')
    }
    return { gate, destinations, live }
  }

  /** Into the audit list, and into the log. */
  note(entry: Omit<AuditNote, 'ok'> & { readonly ok?: boolean }): void {
    this.live?.audit.add({ ok: true, ...entry })
    const { by, action, what, until, ok } = entry
    if (!loggedByTheGate.has(action)) this.log('gateway')[ok === false ? 'warn' : 'info']({ by, action, until }, what)
  }

  readonly #logTimeOver = (components: readonly LogComponent[]): void => {
    const what = `log level of ${components.join(', ')} is as configured again: its time is over`
    this.note({ by: 'gateway', action: 'log-level', what })
  }
}

/** Its lines do not say whose calls are traced, which the audit list does. */
const loggedByTheGate: ReadonlySet<string> = new Set(['trace-on', 'trace-off', 'pick-on', 'pick-off'])
