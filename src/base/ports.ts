/**
 * The two interfaces through which api/, live/ and telemetry/ know and steer the gateway. Plain data
 * only, as if it already crossed a process boundary: with several workers it will.
 */
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
} from './live.js'
import type { LogComponent, LogLevel } from './log.js'
import type { GatewayStatus, LogStatus, TraceScope, TraceStatus } from './status.js'

export interface Readiness {
  readonly ready: boolean
  /** what is missing, one sentence each */
  readonly reasons: readonly string[]
}

export interface FilterMatch {
  readonly id: string
  readonly peer: string
  readonly sni: string | undefined
  readonly traced: boolean
  /** a sentence: which statement decided, or which part of the scope */
  readonly why: string
}

/** What a filter says of the live connections. */
export interface DryRun {
  readonly total: number
  readonly traced: number
  /** the first ones, those that would be traced before the others */
  readonly matches: readonly FilterMatch[]
}

export interface FilterView {
  /** undefined: every connection is traced */
  readonly name: string | undefined
  readonly source: 'config' | 'api' | undefined
  /** undefined: it is a module, or there is none */
  readonly text: string | undefined
}

/** A place in a route text, 1-based. */
export interface RouteProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Which of the packets kept by the embedded collector, and how to show them. */
export interface CollectedQuery {
  /** text: as a person reads a packet; json: one object, in one line */
  readonly form: 'text' | 'json'
  /** HEP chunk 0x000b; undefined: all */
  readonly type: number | undefined
  /** HEP chunk 0x0011, a Call-ID or the id of a connection; undefined: all */
  readonly correlationId: string | undefined
  /** at most so many: the newest */
  readonly limit: number
}

export interface GatewayView {
  status(): Promise<GatewayStatus>
  readiness(): Promise<Readiness>
  trace(): Promise<TraceStatus>
  filter(): Promise<FilterView>
  /**
   * Runs a route text and a scope against the live connections and changes nothing. A scope that is none is a
   * problem as with `setTrace`; the route's own problems are told before it.
   */
  dryRunFilter(
    text: string | undefined,
    scope?: TraceScope,
  ): Promise<DryRun | { problems: RouteProblem[] } | SearchProblem>
  /** Packets of the embedded collector without key material, newest last. undefined: there is no collector. */
  collected(query: CollectedQuery): Promise<readonly string[] | undefined>
  domains(): Promise<readonly DomainView[]>
  /** newest first */
  audit(): Promise<readonly AuditEntry[]>
  log(): Promise<LogStatus>
  /** The text exposition format of Prometheus, version 0.0.4. undefined: telemetry.metrics is off */
  metrics(): Promise<string | undefined>
  overview(): Promise<Overview>
  /** the last hour, oldest first */
  history(): Promise<readonly Sample[]>
  connections(query: ConnectionQuery): Promise<Page<ConnectionRow> | SearchProblem>
  /** undefined: not known, or closed too long ago */
  connection(id: string): Promise<ConnectionDetail | undefined>
  calls(query: CallQuery): Promise<Page<CallRow> | SearchProblem>
  call(callId: string): Promise<CallDetail | SearchProblem | undefined>
  /** A snapshot, then what changes, until the returned function is called. */
  watch(request: WatchRequest, viewer: Viewer): Promise<(() => void) | SearchProblem>
  /** A pcapng file, piece by piece. undefined: no such connection or call, or nothing of it was traced. */
  capture(request: CaptureRequest): Promise<AsyncIterable<Buffer> | SearchProblem | undefined>
}

export interface TraceRequest {
  readonly trace_mode: 'on' | 'off'
  /** ms; only with `on` */
  readonly forMs?: number | undefined
  /** take connections that are already open into the trace, by the filter */
  readonly existing?: boolean | undefined
  /** only with `on`; undefined: everything the filter lets pass */
  readonly scope?: TraceScope | undefined
  /** who asked, for the log */
  readonly by: string
}

export interface PickRequest {
  readonly id: string
  /** false: no longer */
  readonly on: boolean
  /** ms; undefined: until it is closed */
  readonly forMs?: number | undefined
  readonly by: string
}

export interface LogRequest {
  /** undefined: all */
  readonly component: LogComponent | undefined
  /** undefined: as configured */
  readonly level: LogLevel | undefined
  /** ms; then it is as configured again. undefined: until it is changed, or a restart */
  readonly forMs: number | undefined
  readonly by: string
}

/** What became of a probe event. */
export interface DestinationTest {
  /** handed to the network; over UDP nobody says whether it arrived */
  readonly sent: boolean
  /** chunk 0x0011 of the probe: what to search for in the collector */
  readonly correlation_id: string
  readonly ms: number
  /** why not, a sentence */
  readonly problem: string | undefined
}

export interface ChangeResult {
  readonly ok: boolean
  readonly problems: readonly string[]
}

export interface GatewayControl {
  /** The problem begins with the member of the scope that is none, `user: …`, and then nothing has changed. */
  setTrace(request: TraceRequest): Promise<TraceStatus | SearchProblem>
  /** false: no such connection */
  pick(request: PickRequest): Promise<boolean>
  setLog(request: LogRequest): Promise<LogStatus>
  /** Parses and swaps the filter route; on a problem the old one stays. */
  setFilter(text: string, by: string): Promise<DryRun | { problems: RouteProblem[] }>
  /** Back to the filter of the configuration. */
  resetFilter(by: string): Promise<FilterView>
  /** false: no such destination */
  pauseDestination(id: string, paused: boolean, by: string): Promise<boolean>
  /** Sends a probe event. undefined: no such destination */
  testDestination(id: string, by: string): Promise<DestinationTest | undefined>
  /** false: no such connection. `reason`: in words of whoever closes it, for its events and the audit list. */
  closeConnection(id: string, by: string, reason?: string): Promise<boolean>
  /**
   * SECRET: key-log lines of a connection, live or closed lately. Empty: none are held, because it was not traced.
   * undefined: no such connection. Who asked is logged.
   */
  keylog(id: string, by: string): Promise<readonly string[] | undefined>
  reload(by: string): Promise<ChangeResult>
  /** Certificates, keys and lists of the TLS domains alone. */
  reloadDomains(by: string): Promise<ChangeResult>
  /** Something security-relevant an observer did (a key log in a capture), for the audit list. */
  note(entry: { readonly by: string; readonly action: string; readonly what: string }): void
}
