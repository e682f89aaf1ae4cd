/**
 * The configuration as the rest of the program sees it: checked, defaults filled in, spellings
 * parsed, files named absolutely. Names are the operator's, so that code and file say the same.
 * Times are in ms, sizes in bytes, unless a comment says otherwise.
 */
import type { Side, Transport } from '../base/facts.js'
import type { LogComponent, LogLevel } from '../base/log.js'

export interface HostPort {
  /** name or address, no brackets */
  readonly host: string
  readonly port: number
}

/** edge: a SIP edge proxy (RFC 3261 §16, RFC 5626). tunnel: a connection of its own for each client, messages unmodified. */
export type RelayMode = 'edge' | 'tunnel'

export interface SocketConfig {
  /** as written: `tls:0.0.0.0:5061` */
  readonly text: string
  readonly transport: Transport
  /** IP address, `0.0.0.0` and `::` for all; `*` is accepted for `0.0.0.0` */
  readonly ip: string
  readonly port: number
  /** `AS host[:port]` or `advertise:` */
  readonly advertise: HostPort | undefined
  readonly side: Side
  /** how its SIP is relayed: `relay.mode`, unless the socket says otherwise */
  readonly relay: RelayMode
  /** CIDR blocks whose connections must begin with a PROXY protocol header (v1 or v2); nobody else may send one */
  readonly proxy_protocol: readonly string[]
}

export interface HepDestinationConfig {
  /** `hep_dest`; the same id several times means failover in this order */
  readonly id: string
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** payload form of events: TRACE §2 */
  readonly form: 'log' | 'opensips'
  /** HEP protocol types this destination receives; empty: all */
  readonly types: readonly number[]
  /** key material: undefined follows the rule (TLS or loopback only) */
  readonly secrets: boolean | undefined
  /** chunk 0x0002 for TLS legs */
  readonly tls_protocol_id: 22 | 6
  readonly auth_key: string | undefined
  /** transport=tls only */
  readonly ca_list: string | undefined
  readonly certificate: string | undefined
  readonly private_key: string | undefined
  readonly verify_cert: boolean
  /** name to verify and to send as SNI; default: host */
  readonly server_name: string | undefined
}

interface TlsDomainConfig {
  readonly name: string
  /** PEM files, each with its chain; several for RSA beside ECDSA */
  readonly certificate: readonly string[]
  /** PEM files, as many as certificates */
  readonly private_key: readonly string[]
  readonly private_key_password: string | undefined
  readonly ca_list: string | undefined
  readonly ca_dir: string | undefined
  /** a file or a directory of PEM CRLs */
  readonly crl: string | undefined
  readonly verify_cert: boolean
  readonly require_cert: boolean
  readonly min_version: TlsVersion
  readonly max_version: TlsVersion
  /** OpenSSL cipher list for TLS ≤ 1.2 */
  readonly ciphers_list: string | undefined
  /** colon-separated TLS 1.3 suites */
  readonly ciphersuites: string | undefined
  readonly dh_params: string | undefined
  /** colon-separated groups */
  readonly ec_curve: string | undefined
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

export interface ServerDomainConfig extends TlsDomainConfig {
  /** `*`, `ip` or `ip:port` of our socket */
  readonly match_ip_address: readonly string[]
  /** SNI patterns: exact, `*.example.com`, `*`, `none` (no SNI sent) */
  readonly match_sip_domain: readonly string[]
}

export interface ClientDomainConfig extends TlsDomainConfig {
  /** `*`, `ip`, `ip:port` or CIDR of the destination */
  readonly match_ip_address: readonly string[]
  /** host name patterns of the destination */
  readonly match_sip_domain: readonly string[]
  /** SNI and name to verify; default: the host of the destination URI, where it is a name */
  readonly server_name: string | undefined
  readonly verify_name: 'off' | 'report' | 'enforce'
  /** let `*.example.com` in a certificate match one label, which RFC 5922 §7.2 forbids */
  readonly verify_name_wildcard: boolean
  /** ask the peer to reuse our connection for its own requests: `;alias` in our Via (RFC 5923); edge mode */
  readonly alias: boolean
}

export interface UpstreamConfig {
  /** as written: `sip:10.0.0.5:5060;transport=tcp` */
  readonly uri: string
  readonly host: string
  readonly port: number
  /** udp: edge mode only, sent from the first udp socket */
  readonly transport: Transport
  /** lower is preferred */
  readonly priority: number
  /** share of the calls among those of one priority; 0: none while another is active */
  readonly weight: number
}

/** A peer on the edge side that we connect to and keep connected: a carrier, Teams. Edge mode. */
export interface TrunkConfig {
  /** as written: `sips:sip.pstnhub.microsoft.com` */
  readonly uri: string
  readonly host: string
  /** undefined: found by RFC 3263 */
  readonly port: number | undefined
  readonly transport: 'tcp' | 'tls'
  /** SECONDS between CRLFCRLF keep-alives (RFC 5626 §4.4.1); 0: none */
  readonly keepalive: number
  /** SECONDS between OPTIONS; 0: none */
  readonly options: number
}

export interface Config {
  /** absolute path of the file this came from, undefined for the embedded defaults */
  readonly file: string | undefined
  readonly state_dir: string
  readonly log: {
    readonly format: 'pretty' | 'json'
    readonly levels: Readonly<Record<LogComponent, LogLevel>>
  }
  readonly socket: readonly SocketConfig[]
  readonly proto_tls: {
    readonly tls_port: number
    readonly tls_crlf_pingpong: boolean
    readonly tls_crlf_drop: boolean
    readonly tls_max_msg_chunks: number
    readonly cert_check_on_conn_reusage: boolean
    /** ids of proto_hep.hep_id; empty: none */
    readonly trace_destination: readonly string[]
    readonly trace_on: boolean
    /** name under `routes`, or absolute path of a module when it ends in .mjs or .js */
    readonly trace_filter_route: string | undefined
    readonly tls_handshake_timeout: number
    readonly tls_send_timeout: number
    readonly tls_async: boolean
    readonly tls_async_max_postponed_chunks: number
    readonly tls_async_local_connect_timeout: number
    readonly tls_async_handshake_timeout: number
  }
  readonly proto_hep: {
    readonly hep_id: readonly HepDestinationConfig[]
    readonly hep_capture_id: number
    /** chunk 0x0013; only `[A-Za-z0-9._:-]` */
    readonly hep_node_name: string
    readonly hep_queue_bytes: number
    readonly hep_queue_packets: number
    readonly hep_connect_timeout: number
    /** how long a stop waits for queues to empty */
    readonly hep_flush_timeout: number
  }
  readonly tls_mgm: {
    /** what to do with a client whose SNI no server_domain matches */
    readonly unmatched_sni: 'refuse' | 'default'
    readonly server_domain: readonly ServerDomainConfig[]
    readonly client_domain: readonly ClientDomainConfig[]
  }
  readonly routes: Readonly<Record<string, string>>
  readonly relay: {
    readonly mode: RelayMode
    /** in order; empty: the built-in responder */
    readonly upstream: readonly UpstreamConfig[]
    readonly trunk: readonly TrunkConfig[]
    /** PROXY protocol header sent to the upstream */
    readonly proxy_protocol: 'off' | 'v1' | 'v2'
    /** TCP connect to one upstream, in all */
    readonly connect_timeout: number
    /** SECONDS between OPTIONS to each upstream; 0: none */
    readonly options_interval: number
    /** an OPTIONS unanswered for so long has failed */
    readonly options_timeout: number
    /** so many failures in a row make an upstream or trunk inactive */
    readonly options_threshold: number
    /** a CRLFCRLF to a trunk unanswered for so long means that the flow is dead */
    readonly pong_timeout: number
    /** key of the flow tokens; undefined: made on first start and kept in state_dir */
    readonly flow_secret: string | undefined
    /** SECONDS in Flow-Timer of answers to REGISTER (RFC 5626 §10); 0: no such header */
    readonly flow_timer: number
    /** when Record-Route carries the flow token: auto: Contact has `;ob`, or the peer cannot be connected to; ob: only then */
    readonly flow_token: 'auto' | 'always' | 'ob'
    /** name servers to ask instead of the system's */
    readonly dns_server: readonly HostPort[]
  }
  readonly trust: {
    /** domains whose calls are trusted, as they stand in verified certificates; lower case */
    readonly domains: readonly string[]
    /** header that tells the core; its name */
    readonly header: string
    /** value of the Alert-Info header of trusted calls towards phones; undefined: none is set */
    readonly alert_info: string | undefined
  }
  readonly trace: {
    readonly keylog_file: string | undefined
    /** in tunnel mode, also trace the copy of each message on the core leg; edge mode always does */
    readonly core_leg: boolean
    /** trace our own OPTIONS probes and the answers to them */
    readonly probes: boolean
    /** report connect, close and error of clear core connections too */
    readonly core_events: boolean
  }
  readonly limits: {
    readonly max_connections: number
    /** per client address (IPv6: per /64); 0: no limit */
    readonly max_connections_per_address: number
    readonly max_handshakes: number
    readonly max_message_bytes: number
    /** a message must be complete this long after its first byte */
    readonly message_timeout: number
    /** no traffic for so long (SECONDS): closed; 0: never */
    readonly tcp_connection_lifetime: number
    readonly tcp_keepalive: boolean
    /** SECONDS of silence before the first probe */
    readonly tcp_keepidle: number
    /** how long a stop waits for connections to end by themselves */
    readonly drain_timeout: number
  }
  readonly collector: {
    /** `udp:127.0.0.1:9060`, `tcp:127.0.0.1:9060`; empty: no collector */
    readonly listen: readonly { readonly transport: 'udp' | 'tcp'; readonly ip: string; readonly port: number }[]
    /** packets kept in memory */
    readonly max_packets: number
  }
  readonly telemetry: {
    /** count, for /metrics and OTLP */
    readonly metrics: boolean
    /** share of the calls whose requests get spans, 0 to 1 */
    readonly sip_spans: number
  }
  /** what the dashboard and the API can look back on, in memory */
  readonly live: {
    /** BYTES of traced messages kept; 0: none, and then only a HEP destination makes tracing possible */
    readonly message_bytes: number
    /** closed connections kept */
    readonly closed_connections: number
    /** event streams at the same time */
    readonly viewers: number
  }
  readonly api: {
    /** undefined: no API */
    readonly listen: { readonly ip: string; readonly port: number } | undefined
    /** bearer token with the scopes read and control; this or one of `tokens` is required when `listen` is not loopback */
    readonly token: string | undefined
    readonly tokens: readonly ApiTokenConfig[]
    /** PEM file of the certificate chain; undefined: HTTP without TLS */
    readonly certificate: string | undefined
    readonly private_key: string | undefined
    /** requests a minute from one address; 0: no limit */
    readonly rate_limit: number
  }
}

export type ApiScope = 'metrics' | 'read' | 'control' | 'secrets'

export interface ApiTokenConfig {
  /** who it is, for the audit list */
  readonly name: string
  readonly scopes: readonly ApiScope[]
  /** SHA-256 of the token, lower-case hex; the token itself is never in the configuration */
  readonly sha256: string
}
