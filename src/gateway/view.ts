/** What is known of the gateway as a whole, for those who only look. It changes nothing. */
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
} from '../base/live.js'
import type { CollectedQuery, DryRun, FilterView, GatewayView, Readiness, RouteProblem } from '../base/ports.js'
import type { GatewayStatus, LogStatus, TraceScope, TraceStatus } from '../base/status.js'
import { collected } from '../collector/collected.js'
import { configuredText, filterOfText } from '../trace/filter/configured.js'
import { scopeProblem } from '../trace/scope.js'
import type { Parts } from './parts.js'

export class View implements GatewayView {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async trace(): Promise<TraceStatus> {
    return traceStatus(this.#parts)
  }

  async filter(): Promise<FilterView> {
    return filterView(this.#parts)
  }

  async dryRunFilter(
    text: string | undefined,
    scope?: TraceScope,
  ): Promise<DryRun | { problems: RouteProblem[] } | SearchProblem> {
    const { gate, live } = this.#parts.running
    const compiled = text === undefined ? { filter: gate.filter } : filterOfText(this.#parts.config, text)
    if ('problems' in compiled) return compiled
    const problem = scope && scopeProblem(scope)
    if (problem !== undefined) return { problem }
    return live.walks.offer(() => gate.dryRun(compiled.filter, scope))
  }

  async domains(): Promise<readonly DomainView[]> {
    const { server_domain, client_domain } = this.#parts.config.tls_mgm
    const domains = await this.#parts.running.live.domains()
    return domains.map((domain) => {
      const declared = (domain.role === 'server' ? server_domain : client_domain).find(
        ({ name }) => name === domain.name,
      )
      if (declared === undefined) return domain
      const { private_key_password: _secret, ...settings } = declared
      return { ...domain, settings }
    })
  }

  async audit(): Promise<readonly AuditEntry[]> {
    return this.#parts.running.live.audit.list()
  }

  async log(): Promise<LogStatus> {
    return this.#parts.logLevels.status()
  }

  async metrics(): Promise<string | undefined> {
    return this.#parts.telemetry?.metrics()
  }

  overview(): Promise<Overview> {
    return this.#parts.running.live.overview()
  }

  async history(): Promise<readonly Sample[]> {
    return this.#parts.running.live.history()
  }

  connections(query: ConnectionQuery): Promise<Page<ConnectionRow> | SearchProblem> {
    return this.#parts.running.live.connections(query)
  }

  async connection(id: string): Promise<ConnectionDetail | undefined> {
    return this.#parts.running.live.connection(id)
  }

  async calls(query: CallQuery): Promise<Page<CallRow> | SearchProblem> {
    return this.#parts.running.live.calls(query)
  }

  call(callId: string): Promise<CallDetail | SearchProblem | undefined> {
    return this.#parts.running.live.call(callId)
  }

  watch(request: WatchRequest, viewer: Viewer): Promise<(() => void) | SearchProblem> {
    return this.#parts.running.live.watch(request, viewer)
  }

  async capture(request: CaptureRequest): Promise<AsyncIterable<Buffer> | SearchProblem | undefined> {
    return this.#parts.running.live.capture(request)
  }

  async collected(query: CollectedQuery): Promise<readonly string[] | undefined> {
    return this.#parts.collector && collected(this.#parts.collector.packets(), query)
  }

  async readiness(): Promise<Readiness> {
    const reasons: string[] = []
    if (this.#parts.state !== 'running') reasons.push(`the gateway is ${this.#parts.state}`)
    if (
      this.#parts.upstreams.length > 0 &&
      this.#parts.upstreams.every((upstream) => upstream.status().state === 'down')
    ) {
      reasons.push('no upstream could be reached at the last attempt')
    }
    // A dead collector is no reason to take calls away from this gateway: it may lose traces, not traffic.
    return { ready: reasons.length === 0, reasons }
  }

  async status(): Promise<GatewayStatus> {
    const totals = this.#parts.totals
    const connections = this.#parts.connections
    return {
      version: this.#parts.options.version,
      node: process.version,
      pid: process.pid,
      startedAt: this.#parts.startedAt.toISOString(),
      uptimeSeconds: Math.floor(process.uptime()),
      state: this.#parts.state,
      listeners: await Promise.all(
        [...this.#parts.listeners, ...this.#parts.datagrams].map((listener) => listener.status()),
      ),
      upstreams: [
        ...this.#parts.upstreams.map((upstream) => upstream.status()),
        ...(this.#parts.edge?.trunkStatus() ?? []),
      ],
      domains: this.#parts.contexts?.list() ?? [],
      edge: this.#parts.edge?.status(),
      connections: {
        open: connections.open,
        limit: this.#parts.config.limits.max_connections,
        inHandshake: connections.inHandshake,
        acceptedTotal: totals.accepted,
        connectedTotal: totals.connected,
        closedTotal: totals.closed,
        failures: totals.failures,
      },
      messages: {
        relayed: connections.messages.sent,
        postponed: connections.messages.postponed,
        lost: connections.messages.lost,
        pings: connections.counters.pings,
      },
      trace: {
        ...traceStatus(this.#parts),
        ...this.#parts.running.gate.counters(),
        keylogFile: this.#parts.keylog?.counters,
      },
      destinations: this.#parts.destinations?.status() ?? [],
      collector: this.#parts.collector?.status(),
      api: this.#parts.api && { refusedTokens: this.#parts.api.refusedTokens },
      reload: this.#parts.lastReload,
    }
  }
}

export function traceStatus(parts: Parts): TraceStatus {
  return { ...parts.running.gate.status(), destination: parts.config.proto_tls.trace_destination }
}

export function filterView(parts: Parts): FilterView {
  const { filter: name, filterSource: source } = traceStatus(parts)
  return { name, source, text: source === 'api' ? parts.filterText : configuredText(parts.config) }
}
