/** How the gateway and its parts are, as the API tells it: plain data, counted since start. */
import type { LogComponent, LogLevel } from './log.js'

/** The log, component by component. */
export interface LogStatus {
  readonly components: readonly LogComponentStatus[]
  /** lines not written since start because too many were alike */
  readonly repeats: number
}

export interface LogComponentStatus {
  readonly component: LogComponent
  readonly level: LogLevel
  /** by the configuration */
  readonly configured: LogLevel
  /** ISO 8601: when it is as configured again; undefined: it stays as it is */
  readonly until: string | undefined
}

export interface DestinationStatus {
  readonly id: string
  /** `udp:10.0.0.2:9060` */
  readonly address: string
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly state: 'connected' | 'connecting' | 'waiting' | 'closed'
  /** by an operator: what comes meanwhile is dropped, and counted */
  readonly paused: boolean
  /** in the queue now */
  readonly queuedPackets: number
  readonly queuedBytes: number
  /** handed to the network since start */
  readonly sentPackets: number
  readonly sentBytes: number
  /** of them, by name of the HEP protocol type: `sip`, `log`, … */
  readonly sentByType: Readonly<Record<string, number>>
  /** never sent, by reason */
  readonly dropped: Readonly<Record<string, number>>
  /** sent, but with a shortened payload */
  readonly truncated: number
  readonly reconnects: number
  readonly lastError: string | undefined
  /** ISO 8601 */
  readonly lastErrorAt: string | undefined
}

/** Which traffic a trace is narrowed to, besides the filter: all that is set has to hold. */
export interface TraceScope {
  /** addresses or networks of the peer, any of them */
  readonly peer?: readonly string[] | undefined
  /** SNI, `*` stands for any text */
  readonly sni?: string | undefined
  /** user or address of record in From, To or Request-URI: only such messages, and the connections they come over */
  readonly user?: string | undefined
  /** only this call, and the connections it uses */
  readonly call_id?: string | undefined
}

/** A connection that is traced on its own, whatever the switch and the filter say. */
export interface PickedConnection {
  readonly conn_id: string
  /** ISO 8601; undefined: until it is closed */
  readonly until: string | undefined
}

export interface TraceStatus {
  readonly trace_mode: 'on' | 'off'
  /** ISO 8601; set when tracing will end by itself */
  readonly until: string | undefined
  readonly secondsLeft: number | undefined
  readonly destination: readonly string[]
  /** name of the route or module, undefined: every connection is traced */
  readonly filter: string | undefined
  readonly filterSource: 'config' | 'api' | undefined
  /** undefined: not narrowed */
  readonly scope: TraceScope | undefined
  readonly picked: readonly PickedConnection[]
  /** connections being traced now */
  readonly tracedConnections: number
  readonly filterFailures: number
}

/** What tracing lost before it came to a destination, since start. */
export interface TraceCounters {
  /** messages of traced connections that were not sent for want of a Call-ID */
  readonly messagesWithoutCallId: number
  /** traces lost to an error of our own; the first is in the log */
  readonly tracesLost: number
}

/** Lines of the key-log file since start: on disk, and those that did not get there. */
export interface KeylogFileCounters {
  readonly written: number
  readonly lost: number
}

/** A server behind us (upstream) or a peer we keep connected (trunk). */
export interface UpstreamStatus {
  readonly uri: string
  readonly role: 'upstream' | 'trunk'
  /** what the last connect or probe said; down: nothing is sent there while another is up */
  readonly state: 'unknown' | 'up' | 'down'
  readonly priority: number
  readonly weight: number
  readonly lastError: string | undefined
  readonly connections: number
  /** OPTIONS since start; undefined: none are sent */
  readonly probes: { readonly sent: number; readonly failed: number; readonly lastMs: number | undefined } | undefined
}

/** What edge mode did besides relaying, since start. */
export interface EdgeStatus {
  /** our own answers to requests, by status code */
  readonly answered: Readonly<Record<string, number>>
  /** final answers to REGISTER that the edge was given, ours among them, by status code; one unknown to IANA by its class: `4xx` */
  readonly registrations: Readonly<Record<string, number>>
  /** responses that went nowhere, by reason */
  readonly responsesDropped: Readonly<Record<string, number>>
  /** requests without an answer that went nowhere (ACK), by reason */
  readonly requestsDropped: Readonly<Record<string, number>>
  /** messages over UDP larger than a packet is sure to carry (RFC 3261 §18.1.1) */
  readonly largeDatagrams: number
  /** REGISTER that the registrar accepted without our Path (RFC 3327): those phones cannot be called */
  readonly registrationsWithoutPath: number
}

export interface ListenerStatus {
  readonly socket: string
  readonly advertised: string | undefined
  /** over UDP: peers heard of or written to lately */
  readonly connections: number
  /** undefined: not UDP. Datagrams that held nothing or no SIP, and those the system would not send */
  readonly datagrams?: { readonly keepalives: number; readonly notSip: number; readonly errors: number } | undefined
}

export interface DomainStatus {
  readonly name: string
  readonly role: 'server' | 'client'
  readonly certificates: readonly {
    readonly subject: string
    readonly notAfter: string
    readonly daysLeft: number
    readonly sha256: string
  }[]
}

export interface CollectorStatus {
  /** `udp:127.0.0.1:9060` */
  readonly listen: readonly string[]
  /** received since start */
  readonly packets: number
  readonly bytes: number
  /** by name of the protocol type: `sip`, `log`, `net`, … */
  readonly packetsByType: Readonly<Record<string, number>>
  readonly malformed: number
  readonly malformedBy: {
    /** not HEP */
    readonly datagram: number
    /** the stream could not be followed any further */
    readonly framing: number
    /** framed on a stream, but unreadable */
    readonly packet: number
  }
  /** streams open now */
  readonly connections: number
  readonly refusedConnections: number
}

export interface ApiStatus {
  /** requests with a token that is none of ours, since start */
  readonly refusedTokens: number
}

export interface GatewayStatus {
  readonly version: string
  readonly node: string
  readonly pid: number
  readonly startedAt: string
  readonly uptimeSeconds: number
  readonly state: 'starting' | 'running' | 'draining' | 'stopped'
  readonly listeners: readonly ListenerStatus[]
  readonly upstreams: readonly UpstreamStatus[]
  readonly domains: readonly DomainStatus[]
  readonly connections: {
    readonly open: number
    /** limits.max_connections: how many accepted ones there may be, those in their handshake among them */
    readonly limit: number
    readonly inHandshake: number
    readonly acceptedTotal: number
    readonly connectedTotal: number
    readonly closedTotal: number
    /** by cause */
    readonly failures: Readonly<Record<string, number>>
  }
  readonly messages: {
    readonly relayed: number
    /** had to wait for a connection that was not there yet */
    readonly postponed: number
    /** a peer's or our own, not delivered, by cause; those that we then answered 408 or 503 among them */
    readonly lost: Readonly<Record<string, number>>
    readonly pings: number
  }
  /** undefined: no socket is in edge mode */
  readonly edge: EdgeStatus | undefined
  readonly trace: TraceStatus &
    TraceCounters & {
      /** undefined: trace.keylog_file is not set */
      readonly keylogFile: KeylogFileCounters | undefined
    }
  readonly destinations: readonly DestinationStatus[]
  /** undefined: there is none */
  readonly collector: CollectorStatus | undefined
  /** undefined: there is none */
  readonly api: ApiStatus | undefined
  /** the last reload, or the last one that failed: then the old configuration still runs */
  readonly reload: { readonly at: string; readonly ok: boolean; readonly problems: readonly string[] } | undefined
}
