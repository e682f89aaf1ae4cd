/**
 * The one table of causes: why a connection failed, was refused or ended.
 * Events (`cause`), metrics and logs use the same codes; `docs/causes.md` is generated from this table.
 * It holds words only: who decides on a cause is the folder that saw it happen.
 */

/** What a cause means for the connection it happened on. */
export type Fate =
  /** the connection never carried SIP: it was refused or its set-up failed */
  | 'refused'
  /** an established connection is broken off */
  | 'dropped'
  /** an established connection ends in order */
  | 'ended'

/** Whose doing the end of a connection was: `closed_by` of CLOSED. */
export type ClosedBy = 'peer' | 'local' | 'timeout' | 'error'

export interface CauseEntry {
  /** one sentence for a person; becomes `Message` of the event unless the place that failed knows better */
  readonly sentence: string
  readonly fate: Fate
  readonly closedBy: ClosedBy
  /** what a SIP request queued on the connection would be answered with (edge mode); RFC 3261 §16.9, §21 */
  readonly sipStatus: 400 | 403 | 408 | 413 | 430 | 503
  /** what an operator should look at first */
  readonly hint: string
}

export const causes = {
  'no-shared-version': {
    sentence: 'peer and we have no TLS version in common',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'compare tls_method of the TLS domain with tls_versions of the ClientHello',
  },
  'no-shared-cipher': {
    sentence: 'peer and we have no cipher in common',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'compare ciphers_list and the kind of certificate (RSA, ECDSA) with what the peer offers',
  },
  'no-shared-sigalg': {
    sentence: 'peer and we have no signature algorithm in common',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'the certificate key type or hash is one the peer cannot verify',
  },
  'no-shared-group': {
    sentence: 'peer and we have no key exchange group in common',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'compare ec_curve of the TLS domain with the groups of the ClientHello',
  },
  'unknown-ca': {
    sentence: 'the certificate of the peer was not issued by a CA we trust',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'add the issuer to ca_list, or have the peer send its intermediate certificates',
  },
  'cert-expired': {
    sentence: 'the certificate of the peer has expired',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'the not-after date is in the event; also check the clock of this machine',
  },
  'cert-not-yet-valid': {
    sentence: 'the certificate of the peer is not valid yet',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'the not-before date is in the event; also check the clock of this machine',
  },
  'cert-revoked': {
    sentence: 'the certificate of the peer was revoked',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'it is listed in the CRL of its issuer',
  },
  'cert-name-mismatch': {
    sentence: 'the certificate of the peer does not name the host we meant to reach (RFC 5922 §7)',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'the names it holds are in the san field of the event',
  },
  'cert-invalid': {
    sentence: 'the certificate of the peer failed verification',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'the verify field of the event holds the reason OpenSSL gives',
  },
  'client-cert-missing': {
    sentence: 'the peer sent no certificate although one is required',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 403,
    hint: 'require_cert is on for this TLS domain',
  },
  'not-tls': {
    sentence: 'the peer does not speak TLS on a TLS port',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 400,
    hint: 'a client set to plain TCP on the TLS port is the usual reason',
  },
  'http-on-sip-port': {
    sentence: 'the peer speaks HTTP on a SIP port',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 400,
    hint: 'a health check, a browser or a scanner',
  },
  'tls-protocol-error': {
    sentence: 'the peer broke the TLS protocol',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'the message holds what OpenSSL saw; a scanner or a broken middlebox is the usual reason',
  },
  'sni-unmatched': {
    sentence: 'no TLS domain serves the name the peer asked for',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'tls_sni of the event is the name; add a server_domain for it or set tls_mgm.unmatched_sni: default',
  },
  'bad-proxy-header': {
    sentence: 'the PROXY protocol header is missing or broken',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 400,
    hint: 'the load balancer in front does not send PROXY protocol, or something else connects directly',
  },
  'handshake-timeout': {
    sentence: 'the handshake was not complete in time',
    fate: 'refused',
    closedBy: 'timeout',
    sipStatus: 408,
    hint: 'tls_handshake_timeout (100 ms by default, as in OpenSIPS) is short for the open internet',
  },
  'reset-in-handshake': {
    sentence: 'the peer went away during the handshake',
    fate: 'refused',
    closedBy: 'peer',
    sipStatus: 503,
    hint: 'often the peer does not trust our certificate and does not say so, or a port probe',
  },
  'connect-refused': {
    sentence: 'connection refused',
    fate: 'refused',
    closedBy: 'peer',
    sipStatus: 503,
    hint: 'nothing listens at that address and port',
  },
  'connect-timeout': {
    sentence: 'no answer to the TCP connect in time',
    fate: 'refused',
    closedBy: 'timeout',
    sipStatus: 408,
    hint: 'a firewall that drops silently, or a host that is down',
  },
  unreachable: {
    sentence: 'the peer cannot be reached',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'no route, or the network says so',
  },
  'dns-failed': {
    sentence: 'the name could not be resolved',
    fate: 'refused',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'check the name and the resolver of this machine',
  },
  'limit-reached': {
    sentence: 'a limit on connections was reached',
    fate: 'refused',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'the message names the limit; see limits in the configuration',
  },
  'bad-sip': {
    sentence: 'what the peer sent is not SIP',
    fate: 'dropped',
    closedBy: 'error',
    sipStatus: 400,
    hint: 'the message says which rule was broken',
  },
  'too-many-chunks': {
    sentence: 'a SIP message took more reads than tls_max_msg_chunks allows',
    fate: 'dropped',
    closedBy: 'error',
    sipStatus: 400,
    hint: 'large messages on slow links need a larger tls_max_msg_chunks',
  },
  'message-too-large': {
    sentence: 'a SIP message is larger than allowed',
    fate: 'dropped',
    closedBy: 'error',
    sipStatus: 413,
    hint: 'limits.max_message_bytes',
  },
  'message-timeout': {
    sentence: 'a SIP message stayed incomplete for too long',
    fate: 'dropped',
    closedBy: 'timeout',
    sipStatus: 408,
    hint: 'limits.message_timeout',
  },
  'send-timeout': {
    sentence: 'bytes could not be sent to the peer in time',
    fate: 'dropped',
    closedBy: 'timeout',
    sipStatus: 503,
    hint: 'the peer reads too slowly or is gone; tls_send_timeout',
  },
  'postponed-overflow': {
    sentence: 'more messages waited for the connection than it may hold',
    fate: 'dropped',
    closedBy: 'error',
    sipStatus: 503,
    hint: 'tls_async_max_postponed_chunks',
  },
  idle: {
    sentence: 'no traffic for the lifetime of a connection',
    fate: 'ended',
    closedBy: 'timeout',
    sipStatus: 503,
    hint: 'limits.tcp_connection_lifetime',
  },
  'peer-reset': {
    sentence: 'the peer reset the connection',
    fate: 'dropped',
    closedBy: 'peer',
    sipStatus: 503,
    hint: 'a crash, a NAT that forgot the flow, or a firewall',
  },
  'peer-closed': {
    sentence: 'the peer closed the connection',
    fate: 'ended',
    closedBy: 'peer',
    sipStatus: 503,
    hint: '',
  },
  'relay-closed': {
    sentence: 'the other leg of the relay was closed',
    fate: 'ended',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'see the connection it was paired with (relayed_to)',
  },
  'upstream-failed': {
    sentence: 'no upstream could be reached',
    fate: 'dropped',
    closedBy: 'local',
    sipStatus: 503,
    hint: 'the CONNECTED events of the upstream connections hold the causes',
  },
  'keepalive-timeout': {
    sentence: 'the peer answered no keep-alive any more',
    fate: 'dropped',
    closedBy: 'timeout',
    sipStatus: 503,
    hint: 'the flow is dead (RFC 5626 §4.4.1): a NAT or firewall forgot it, or the peer hangs; it is opened again',
  },
  shutdown: { sentence: 'the gateway is shutting down', fate: 'ended', closedBy: 'local', sipStatus: 503, hint: '' },
  killed: { sentence: 'an operator closed the connection', fate: 'ended', closedBy: 'local', sipStatus: 503, hint: '' },
} as const satisfies Record<string, CauseEntry>

/** A cause of the table, or the alert the peer sent, by its name in RFC 8446 §6 (`peer-alert-unknown_ca`). */
export type Cause = keyof typeof causes | `peer-alert-${string}`

const peerAlert: CauseEntry = {
  sentence: 'the peer ended the handshake with a TLS alert',
  fate: 'refused',
  closedBy: 'peer',
  sipStatus: 503,
  hint: 'the alert says what the peer did not like, most often our certificate',
}

/** The table's entry for a cause; every `peer-alert-…` shares one. */
export function causeEntry(cause: Cause): CauseEntry {
  return (causes as Record<string, CauseEntry>)[cause] ?? peerAlert
}

/** The default sentence for a cause. */
export function causeSentence(cause: Cause): string {
  return cause.startsWith('peer-alert-')
    ? `${peerAlert.sentence}: ${cause.slice('peer-alert-'.length)}`
    : causeEntry(cause).sentence
}

/** Something that failed as peers and networks do every day: returned, not thrown. */
export interface Failure {
  readonly cause: Cause
  /** one sentence for a person; no bodies, credentials or user parts */
  readonly message: string
}

export function failure(cause: Cause, message: string = causeSentence(cause)): Failure {
  return { cause, message }
}

/** Bad configuration or usage: thrown, caught by the command, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** For the end of an exhaustive switch. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
