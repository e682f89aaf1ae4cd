/**
 * What is known of a connection, a certificate and a handshake: plain data that tls/ fills and
 * everyone else reads. Nothing here holds a socket.
 */
import type { Endpoint } from './address.js'
import type { Cause, ClosedBy } from './errors.js'

export type Direction = 'in' | 'out'
/** edge: phones, trunks, the internet. core: our own servers. */
export type Side = 'edge' | 'core'
export type Transport = 'tls' | 'tcp' | 'udp'

export interface CertificateFacts {
  /** one line as OpenSSL prints it: `/C=DE/O=Example/CN=sip.example.com` */
  readonly subject: string
  readonly issuer: string
  /** upper-case hex without separators */
  readonly serial: string
  /** comma-separated `DNS:a, URI:sip:b, IP:192.0.2.1`; empty without the extension */
  readonly san: string
  /** ISO 8601, UTC, seconds */
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256 over the DER form, lower-case hex */
  readonly sha256: string
}

/** What the ClientHello says, read before the handshake (accepted connections only). RFC 8446 §4.1.2 */
export interface HelloFacts {
  readonly sni: string | undefined
  readonly alpn: readonly string[]
  /** highest first: `TLSv1.3`, `TLSv1.2`, … ; GREASE left out */
  readonly versions: readonly string[]
  /** JA4 fingerprint of the ClientHello */
  readonly ja4: string
}

export type VerifyVerdict =
  /** a certificate came and its chain is good */
  | 'ok'
  /** no certificate came, or none was asked for */
  | 'none'
  /** the code of OpenSSL: `CERT_HAS_EXPIRED`, … */
  | (string & {})

export interface TlsFacts {
  /** `TLSv1.3`, `TLSv1.2`, … */
  readonly version: string
  /** OpenSSL's name: `TLS_AES_256_GCM_SHA384`, `ECDHE-RSA-AES128-GCM-SHA256` */
  readonly cipher: string
  readonly alpn: string | undefined
  readonly resumed: boolean
  /** key exchange group, where Node tells (`X25519`, `prime256v1`): undefined on accepted connections before Node 22 */
  readonly group: string | undefined
  readonly verify: VerifyVerdict
  /** RFC 5922 check of the name we meant to reach; undefined where none was made */
  readonly nameVerdict: 'ok' | 'mismatch' | undefined
}

/** Everything known of one connection. One life, one id; grows as the connection does. */
export interface ConnectionFacts {
  /** 64-bit number in decimal, unique across restarts and worker processes */
  readonly id: string
  readonly direction: Direction
  readonly transport: Transport
  readonly side: Side
  /** our own end and the peer's, as the socket sees them; the real client after PROXY protocol */
  local: Endpoint
  peer: Endpoint
  /** the load balancer in front, when PROXY protocol named the client */
  proxiedBy: Endpoint | undefined
  /** socket of the configuration it came in by: `tls:0.0.0.0:5061`; undefined: outgoing, or over UDP */
  readonly listener: string | undefined
  /** Unix time in µs */
  readonly openedMicros: number
  /** name of the TLS domain (tls_mgm) used */
  domain: string | undefined
  /** SNI: what the client sent (accepted) or what we sent (outgoing) */
  sni: string | undefined
  hello: HelloFacts | undefined
  tls: TlsFacts | undefined
  ownCertificate: CertificateFacts | undefined
  peerCertificate: CertificateFacts | undefined
  /** SIP domain identities of a peer whose certificate was verified (RFC 5922 §7.1), lower case; else empty */
  peerIdentities: readonly string[]
  /** the peer's verified certificate names one of `trust.domains`, or it is our own side; undefined until known */
  trusted: boolean | undefined
  /** addresses of record it registered, `alice@example.com`, latest last; a handful at most. relay/ adds them */
  readonly users: string[]
  /** NSS key-log lines of this connection, without line ends. SECRET: only trace/ may pass them on, by its rules */
  keylog: string[]
  connectMs: number | undefined
  /** accept (or TCP connect) to the end of the handshake */
  handshakeMs: number | undefined
  bytesIn: number
  bytesOut: number
  messagesIn: number
  messagesOut: number
  /** the other leg in tunnel mode */
  relayedTo: string | undefined
  closed: CloseFacts | undefined
  /** owned by trace/: its state for this connection. Nobody else reads it */
  trace: object | undefined
  /** the sampled span of its handshake or connect (W3C Trace Context §3.2.2), for events and logs. telemetry/ sets it */
  span: SpanIds | undefined
}

/** Lower-case hex: 32 and 16 digits. */
export interface SpanIds {
  readonly traceId: string
  readonly spanId: string
}

export interface CloseFacts {
  readonly cause: Cause
  readonly by: ClosedBy
  readonly message: string
  readonly durationMs: number
}

export type ConnectionEventName = 'ACCEPTED' | 'CONNECT_START' | 'CONNECTED' | 'ERROR' | 'CLOSED' | 'STATS'

/** What tls/ and relay/ publish on the connection channel. */
export interface ConnectionEvent {
  readonly name: ConnectionEventName
  readonly status: 'SUCCESS' | 'FAILURE'
  /** always there on FAILURE, and on CLOSED whatever its status */
  readonly cause: Cause | undefined
  readonly message: string
  readonly facts: ConnectionFacts
}
