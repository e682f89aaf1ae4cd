/**
 * What viewers see: the shapes of the live view as they go over the wire, in JSON and to the dashboard. Named as
 * in the events of a connection (docs/events.md). live/ makes them, api/ passes them on, dashboards/live reads
 * them. Plain data, and never key material.
 */
import type { Direction, Side, Transport } from './facts.js'
import type { DestinationStatus, GatewayStatus, TraceStatus } from './status.js'

/** ISO 8601, UTC */
export type Time = string

export interface CertificateView {
  /** one line: `/C=DE/O=Example/CN=sip.example.com` */
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly san: string
  readonly not_before: Time
  readonly not_after: Time
  /** SHA-256 of the DER form, lower-case hex */
  readonly sha256: string
}

/** One connection, live or closed lately. */
export interface ConnectionRow {
  readonly conn_id: string
  readonly state: 'handshake' | 'open' | 'closed'
  readonly direction: Direction
  readonly transport: Transport
  readonly side: Side
  /** `192.0.2.1:5061` */
  readonly local: string
  readonly peer: string
  /** the load balancer in front */
  readonly proxied_by?: string | undefined
  /** socket of the configuration it came in by: `tls:0.0.0.0:5061` */
  readonly listener?: string | undefined
  readonly opened_at: Time
  /** name of the TLS domain */
  readonly domain?: string | undefined
  readonly tls_version?: string | undefined
  readonly tls_cipher?: string | undefined
  readonly tls_sni?: string | undefined
  readonly tls_alpn?: string | undefined
  readonly tls_resumed?: boolean | undefined
  readonly tls_group?: string | undefined
  readonly ja4?: string | undefined
  readonly verify?: string | undefined
  readonly own_certificate?: CertificateView | undefined
  readonly peer_certificate?: CertificateView | undefined
  readonly peer_identities: readonly string[]
  readonly trusted?: boolean | undefined
  readonly connect_ms?: number | undefined
  readonly handshake_ms?: number | undefined
  readonly bytes_in: number
  readonly bytes_out: number
  readonly msgs_in: number
  readonly msgs_out: number
  /** conn_id of the other leg (tunnel mode) */
  readonly relayed_to?: string | undefined
  /** addresses of record registered over it: `alice@example.com` */
  readonly users: readonly string[]
  /** its events and messages are being traced */
  readonly traced: boolean
  /** only of a closed one */
  readonly closed?: ClosedView | undefined
}

export interface ClosedView {
  readonly at: Time
  readonly cause: string
  readonly by: string
  readonly message: string
  readonly duration_ms: number
}

/** Something that happened to a connection, traced or not. */
export interface TimelineEntry {
  readonly at: Time
  readonly event: string
  readonly status: 'SUCCESS' | 'FAILURE'
  readonly cause?: string | undefined
  readonly message: string
}

/** Everything known of one connection. */
export interface ConnectionDetail extends ConnectionRow {
  /** leaf first; of a closed connection only the leaf */
  readonly own_chain: readonly CertificateView[]
  readonly peer_chain: readonly CertificateView[]
  /** what the ClientHello offered; accepted TLS connections */
  readonly hello?:
    | { readonly versions: readonly string[]; readonly alpn: readonly string[]; readonly ja4: string }
    | undefined
  /** RFC 5922 check of the name we meant to reach */
  readonly verify_name?: string | undefined
  /** written and not yet taken by the peer; undefined when closed */
  readonly queue?:
    | { readonly unsent_bytes: number; readonly postponed_messages: number; readonly stuck_ms: number }
    | undefined
  readonly events: readonly TimelineEntry[]
  /** of the messages kept the latest, newest last; without their text */
  readonly messages: readonly MessageView[]
  /** of the messages kept, those heard of last */
  readonly call_ids: readonly string[]
  /** key-log lines are held and may be had with the scope `secrets` */
  readonly has_keys: boolean
}

/** A traced SIP message, or an event in the flow of a call. */
export interface MessageView {
  /** place in the store, growing; unique within a run of the gateway */
  readonly n: number
  /** with µs */
  readonly at: Time
  readonly micros: number
  readonly kind: 'sip' | 'event'
  readonly transport: string
  readonly source: string
  readonly destination: string
  /** absent: of another capture agent */
  readonly conn_id?: string | undefined
  /** in: received by the gateway */
  readonly direction?: Direction | undefined
  readonly side?: Side | undefined
  readonly call_id?: string | undefined
  readonly bytes: number
  /** first line of the message, or the line of the event */
  readonly summary: string
  readonly method?: string | undefined
  readonly status?: number | undefined
  readonly cseq?: string | undefined
  /** the same bytes went the same way before (RFC 3261 §17) */
  readonly retransmission: boolean
  /** name of the capture agent that sent it to the embedded collector; absent: this gateway */
  readonly agent?: string | undefined
  /** where it was asked for; what is not UTF-8 as U+FFFD */
  readonly text?: string | undefined
  /** bytes of it that `text` does not show; without `text`, all of them. A capture has them */
  readonly text_cut?: number | undefined
}

export type CallState = 'trying' | 'ringing' | 'answered' | 'ended' | 'cancelled' | 'failed' | 'done'

/** One Call-ID: a call, a registration, or any other exchange. */
export interface CallRow {
  readonly call_id: string
  /** method of the first request seen: INVITE, REGISTER, … */
  readonly method?: string | undefined
  /** address of record: `alice@example.com` */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly state: CallState
  /** latest final status of the first method that went all the way back, or is bound to (2xx) */
  readonly status?: number | undefined
  readonly started_at: Time
  readonly last_at: Time
  /** INVITE to its first 18x, and to its 2xx */
  readonly ring_ms?: number | undefined
  readonly answer_ms?: number | undefined
  readonly messages: number
  readonly retransmissions: number
  /** final responses ≥ 400 but 401, 407 and 487, and events with FAILURE */
  readonly errors: number
  readonly conn_ids: readonly string[]
  /** capture agents, this gateway left out */
  readonly agents: readonly string[]
}

export interface CallDetail extends CallRow {
  /** by time, with their text: of long ones the beginning, and where all together are too long, of the newest */
  readonly flow: readonly MessageView[]
  /** the connections it used, as far as they are still known */
  readonly legs: readonly ConnectionRow[]
  /** messages that are not in the flow: they have left the store already, or there are too many */
  readonly forgotten: number
}

/** One second; rates are counts within it. The last hour is kept. */
export interface Sample {
  /** Unix time in s, end of the second */
  readonly t: number
  readonly open: number
  readonly in_handshake: number
  /** of TLS; a connect that came to none is no handshake that failed */
  readonly handshakes_ok: number
  readonly handshakes_failed: number
  /** by cause, only what is not 0 */
  readonly failed_by: Readonly<Record<string, number>>
  readonly opened: number
  readonly closed: number
  readonly messages: number
  readonly messages_lost: number
  /** per destination, by id */
  readonly hep: Readonly<Record<string, { readonly sent: number; readonly dropped: number; readonly queued: number }>>
  /** longest hold-up of the event loop */
  readonly loop_ms: number
}

/** Something a person should look at, the gravest first. */
export interface Attention {
  readonly level: 'critical' | 'warning' | 'info'
  /** stable: `certificate-expiring`, `upstream-down`, … */
  readonly code: string
  readonly message: string
  /** where the dashboard shows it */
  readonly view: 'overview' | 'connections' | 'calls' | 'trace'
  /** for the search box of that view */
  readonly search?: string | undefined
}

export interface Breakdown {
  /** live TLS connections of the edge side, by value */
  readonly versions: Readonly<Record<string, number>>
  readonly ciphers: Readonly<Record<string, number>>
  readonly directions: Readonly<Record<Direction, number>>
  readonly transports: Readonly<Record<string, number>>
  /** live connections below TLS 1.2, or whose peers offer nothing better than 1.2; examples of their addresses */
  readonly weak: readonly { readonly version: string; readonly count: number; readonly examples: readonly string[] }[]
  readonly traced: number
}

export interface Overview {
  readonly at: Time
  readonly status: GatewayStatus
  readonly attention: readonly Attention[]
  readonly breakdown: Breakdown
}

/** What the configuration says of a TLS domain; files by their paths, never what is in them. */
export interface DomainSettings {
  readonly match_ip_address: readonly string[]
  readonly match_sip_domain: readonly string[]
  readonly certificate: readonly string[]
  readonly private_key: readonly string[]
  readonly ca_list: string | undefined
  readonly ca_dir: string | undefined
  readonly crl: string | undefined
  readonly verify_cert: boolean
  readonly require_cert: boolean
  readonly min_version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  readonly max_version: DomainSettings['min_version']
  readonly ciphers_list: string | undefined
  readonly dh_params: string | undefined
  readonly ec_curve: string | undefined
}

export interface DomainView {
  readonly name: string
  readonly role: 'server' | 'client'
  readonly certificates: readonly (CertificateView & {
    readonly days_left: number
    /** live connections that were made with it */
    readonly connections: number
  })[]
  /** absent: a domain the gateway made itself. Only the management interface of OpenSIPS tells it. */
  readonly settings?: DomainSettings | undefined
  /** live connections of this domain whose certificate is no longer one of the above */
  readonly outdated: { readonly count: number; readonly conn_ids: readonly string[] }
}

export interface AuditEntry {
  readonly at: Time
  /** `token on-call 192.0.2.7`, `mi 127.0.0.1`, `SIGHUP`, `gateway` */
  readonly by: string
  /** stable: `trace-on`, `trace-off`, `filter-set`, `connection-closed`, … */
  readonly action: string
  /** a sentence */
  readonly what: string
  readonly until?: Time | undefined
  readonly ok: boolean
  /** the same came so often within a minute, and `at` is the last time; absent: once */
  readonly times?: number | undefined
}

// ── questions ──

/** A column of the connections that can be searched: `name:value` in a search text, `name=value` in a query. */
export interface SearchField {
  readonly name: string
  readonly help: string
  readonly example: string
}

/** The one table of search fields: the API, the search box and the documentation use it. */
export const searchFields = [
  { name: 'peer', help: 'address or network of the peer', example: '203.0.113.0/24' },
  { name: 'local', help: 'address and port of our own end', example: '192.0.2.1:5061' },
  { name: 'sni', help: 'SNI, with * for any text', example: '*.example.com' },
  { name: 'version', help: 'TLS version', example: 'TLSv1.2' },
  { name: 'cipher', help: 'cipher, any part of its OpenSSL name', example: 'CHACHA20' },
  { name: 'ja4', help: 'JA4 fingerprint, or its beginning', example: 't13d1516h2' },
  { name: 'subject', help: 'subject of the certificate of the peer, any part', example: 'CN=pbx7' },
  { name: 'fingerprint', help: 'SHA-256 of a certificate of either side, or its beginning', example: '3fa9' },
  { name: 'direction', help: 'in or out', example: 'in' },
  { name: 'transport', help: 'tls, tcp or udp', example: 'tls' },
  { name: 'side', help: 'edge or core', example: 'edge' },
  { name: 'listener', help: 'socket it came in by, any part', example: 'tls:0.0.0.0:5061' },
  { name: 'domain', help: 'TLS domain', example: 'default' },
  { name: 'verify', help: 'verdict on the certificate of the peer', example: 'ok' },
  { name: 'traced', help: 'yes or no', example: 'yes' },
  { name: 'trusted', help: 'yes or no', example: 'no' },
  { name: 'state', help: 'handshake, open or closed', example: 'closed' },
  { name: 'cause', help: 'why it was closed', example: 'cert-expired' },
  { name: 'older', help: 'open at least so long', example: '10m' },
  { name: 'younger', help: 'open less than so long', example: '30s' },
  { name: 'user', help: 'user or address of record seen on it', example: 'alice' },
  { name: 'call', help: 'Call-ID seen on it', example: 'a84b4c76e66710' },
  { name: 'conn_id', help: 'the id, or its beginning', example: '318027461591040' },
] as const satisfies readonly SearchField[]

/** The same for calls: the search of calls, its box in the dashboard and the documentation use it. */
export const callSearchFields = [
  { name: 'from', help: 'caller, any part of the address', example: 'alice' },
  { name: 'to', help: 'called, any part of the address', example: '@example.com' },
  { name: 'user', help: 'either of them', example: 'alice@example.com' },
  { name: 'state', help: 'trying, ringing, answered, ended, cancelled, failed or done', example: 'failed' },
  { name: 'status', help: 'final status, or a class of them', example: '4xx' },
  { name: 'method', help: 'first request', example: 'INVITE' },
  { name: 'call', help: 'Call-ID, any part', example: 'a84b4c76e66710' },
  { name: 'conn', help: 'id of a connection it used, or its beginning', example: '318027461591040' },
  { name: 'agent', help: 'capture agent that saw it', example: 'proxy-1' },
] as const satisfies readonly SearchField[]

export type SearchFieldName = (typeof searchFields)[number]['name']
export type CallSearchFieldName = (typeof callSearchFields)[number]['name']

export const connectionSorts = [
  'opened_at',
  'peer',
  'tls_sni',
  'tls_version',
  'bytes',
  'messages',
  'handshake_ms',
] as const
export type ConnectionSort = (typeof connectionSorts)[number]

/** Which connections: all conditions hold. */
export interface ConnectionFilter {
  /** `peer:203.0.113.0/24 version:TLSv1.2 alice`; a word without a name is looked for in all texts */
  readonly search?: string | undefined
  readonly fields?: Readonly<Partial<Record<SearchFieldName, string>>> | undefined
}

export interface ConnectionQuery extends ConnectionFilter {
  readonly sort: ConnectionSort
  readonly descending: boolean
  /** at most so many rows */
  readonly limit: number
  /** `next` of the page before */
  readonly cursor?: string | undefined
  /** closed ones too, those kept */
  readonly closed: boolean
}

export interface CallFilter {
  /** words, each in Call-ID, from, to, method, state or an agent; `name:value` for one of these */
  readonly search?: string | undefined
}

export interface CallQuery extends CallFilter {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Page<T> {
  readonly rows: readonly T[]
  /** of all that match */
  readonly total: number
  /** cursor of the next page; absent on the last */
  readonly next?: string | undefined
}

/** A question that cannot be answered: what is wrong with it, for a person. */
export interface SearchProblem {
  readonly problem: string
  /** nothing is wrong with the question: there is no room for it now, and later there may be */
  readonly full?: true
}

// ── the event stream ──

export const topics = ['overview', 'connections', 'calls', 'trace'] as const
export type Topic = (typeof topics)[number]

export interface WatchRequest {
  readonly topics: readonly Topic[]
  /** rows of the topic connections */
  readonly connections: ConnectionFilter
  readonly calls: CallFilter
  /** at most so many rows of connections and of calls each, the newest */
  readonly limit: number
  /** id of the last event the viewer got: it goes on from there if that is still possible */
  readonly lastEventId?: string | undefined
}

/** State of the trace as the dashboard shows it. */
export interface TraceBoard {
  readonly status: TraceStatus
  readonly destinations: readonly DestinationStatus[]
  /** newest first, the latest 100 */
  readonly audit: readonly AuditEntry[]
}

/** The first event of a stream, and after every gap. */
export interface Snapshot {
  readonly at: Time
  readonly overview?: (Overview & { readonly history: readonly Sample[] }) | undefined
  readonly connections?: Page<ConnectionRow> | undefined
  readonly calls?: Page<CallRow> | undefined
  readonly trace?: TraceBoard | undefined
}

/** `[conn_id, bytes_in, bytes_out, msgs_in, msgs_out]` */
export type CounterUpdate = readonly [string, number, number, number, number]

/** What changed since the event before; about one a second while something does. */
export interface Delta {
  readonly at: Time
  readonly overview?: Overview | undefined
  /** one or more seconds, the newest last */
  readonly samples?: readonly Sample[] | undefined
  readonly connections?:
    | {
        /** matching now: new, or changed in more than their counters */
        readonly rows: readonly ConnectionRow[]
        readonly counters: readonly CounterUpdate[]
        /** matching no longer, or forgotten */
        readonly removed: readonly string[]
        /** all that match */
        readonly total: number
      }
    | undefined
  readonly calls?:
    | { readonly rows: readonly CallRow[]; readonly removed: readonly string[]; readonly total: number }
    | undefined
  readonly trace?: TraceBoard | undefined
}

/** Who watches. A viewer that takes no more is let go, not waited for. */
export interface Viewer {
  /** `text` is a whole server-sent event. false: the viewer cannot take more now. */
  send(text: string): boolean
  /** nothing more comes; the reason is for the log */
  end(reason: string): void
}

// ── captures ──

export interface CaptureRequest {
  /** one connection or one call; neither: all that match */
  readonly connId?: string | undefined
  readonly callId?: string | undefined
  /** connections, live and closed lately */
  readonly filter?: ConnectionFilter | undefined
  /** go on with what comes, until the signal */
  readonly follow: boolean
  /** put key-log lines into the file; asked only with the scope `secrets` */
  readonly keys: boolean
  readonly signal?: AbortSignal | undefined
}
