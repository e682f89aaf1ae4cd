/**
 * Connections as viewers see them: from the facts that tls/ keeps to the shapes of base/live.ts. Key material
 * stays behind: nothing here reads the key log but to say whether there is one.
 */
import { endpointText } from '../../base/address.js'
import type { CertificateFacts, CloseFacts, ConnectionFacts } from '../../base/facts.js'
import type {
  CertificateView,
  ClosedView,
  ConnectionDetail,
  ConnectionRow,
  MessageView,
  Time,
  TimelineEntry,
} from '../../base/live.js'

export function connectionRow(facts: ConnectionFacts, traced: boolean): ConnectionRow {
  const { tls } = facts
  return {
    conn_id: facts.id,
    state: stateOf(facts),
    direction: facts.direction,
    transport: facts.transport,
    side: facts.side,
    local: endpointText(facts.local),
    peer: endpointText(facts.peer),
    proxied_by: facts.proxiedBy && endpointText(facts.proxiedBy),
    listener: facts.listener,
    opened_at: timeOf(facts.openedMicros),
    domain: facts.domain,
    tls_version: tls?.version,
    tls_cipher: tls?.cipher,
    tls_sni: facts.sni,
    tls_alpn: tls?.alpn,
    tls_resumed: tls?.resumed,
    tls_group: tls?.group,
    ja4: facts.hello?.ja4,
    verify: tls?.verify,
    own_certificate: facts.ownCertificate && certificateView(facts.ownCertificate),
    peer_certificate: facts.peerCertificate && certificateView(facts.peerCertificate),
    peer_identities: facts.peerIdentities,
    trusted: facts.trusted,
    connect_ms: facts.connectMs,
    handshake_ms: facts.handshakeMs,
    bytes_in: facts.bytesIn,
    bytes_out: facts.bytesOut,
    msgs_in: facts.messagesIn,
    msgs_out: facts.messagesOut,
    relayed_to: facts.relayedTo,
    users: [...facts.users], // of a live connection more may come
    traced,
    closed: facts.closed && closedView(facts.closed, facts.openedMicros),
  }
}

/** What only those know who hold the socket; undefined once it is gone. */
export interface Inspection {
  /** leaf first */
  readonly ownChain: readonly CertificateFacts[]
  readonly peerChain: readonly CertificateFacts[]
  readonly unsentBytes: number
  readonly postponedMessages: number
  readonly stuckMs: number
}

/** What is known of a connection besides its facts. */
export interface Surroundings {
  readonly traced: boolean
  readonly inspection: Inspection | undefined
  readonly events: readonly TimelineEntry[]
  readonly messages: readonly MessageView[]
  readonly callIds: readonly string[]
}

export function connectionDetail(facts: ConnectionFacts, around: Surroundings): ConnectionDetail {
  const { traced, inspection, events, messages, callIds } = around
  return {
    ...connectionRow(facts, traced),
    own_chain: chain(inspection?.ownChain, facts.ownCertificate),
    peer_chain: chain(inspection?.peerChain, facts.peerCertificate),
    hello: facts.hello && { versions: facts.hello.versions, alpn: facts.hello.alpn, ja4: facts.hello.ja4 },
    verify_name: facts.tls?.nameVerdict,
    queue: inspection && {
      unsent_bytes: inspection.unsentBytes,
      postponed_messages: inspection.postponedMessages,
      stuck_ms: inspection.stuckMs,
    },
    events,
    messages,
    call_ids: callIds,
    has_keys: traced && facts.keylog.length > 0,
  }
}

export function certificateView(certificate: CertificateFacts): CertificateView {
  const { subject, issuer, serial, san, notBefore, notAfter, sha256 } = certificate
  return { subject, issuer, serial, san, not_before: notBefore, not_after: notAfter, sha256 }
}

/** A connection that is being accepted or opened counts as in its handshake, clear or TLS. */
export function stateOf({ closed, transport, direction, tls, connectMs }: ConnectionFacts): ConnectionRow['state'] {
  if (closed !== undefined) return 'closed'
  if (transport === 'tls') return tls === undefined ? 'handshake' : 'open'
  return transport === 'tcp' && direction === 'out' && connectMs === undefined ? 'handshake' : 'open'
}

/** From Unix time in µs; to the millisecond. */
export function timeOf(micros: number): Time {
  return new Date(micros / 1000).toISOString()
}

function closedView({ cause, by, message, durationMs }: CloseFacts, openedMicros: number): ClosedView {
  return { at: timeOf(openedMicros + durationMs * 1000), cause, by, message, duration_ms: durationMs }
}

/** Where the chain cannot be had any more, or was not yet, the leaf alone. */
function chain(known: readonly CertificateFacts[] = [], leaf: CertificateFacts | undefined): CertificateView[] {
  const certificates = known.length === 0 && leaf !== undefined ? [leaf] : known
  return certificates.map(certificateView)
}
