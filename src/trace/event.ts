/**
 * One traced event and its payload: flat JSON with OpenSIPS's keys and ours (`docs/events.md`), alone or
 * under one line for a person. Decides nothing and keeps nothing; key material leaves only when told so.
 */
import { type Endpoint, endpointText, unknownEndpoint } from '../base/address.js'
import type { Cause } from '../base/errors.js'
import type { CertificateFacts, ConnectionEventName, ConnectionFacts } from '../base/facts.js'

export interface TracedEvent {
  readonly name: ConnectionEventName
  readonly status: 'SUCCESS' | 'FAILURE'
  readonly cause: Cause | undefined
  readonly message: string
  /** grows with the connection: encode before returning, do not keep */
  readonly facts: ConnectionFacts
  /** counts up within the connection, so that equal payloads differ */
  readonly seq: number
  /** Unix time in µs, strictly increasing within the connection */
  readonly micros: number
  /** chunk 0x0011: the connection id, or a Call-ID for a record inside the flow of that call */
  readonly correlation: string
  /** `tls-session`: tells a call which TLS connection carries it */
  readonly record: 'connection' | 'tls-session'
  /** Nobody gets the keys: only some messages of the connection are traced, and keys would open all of them. */
  readonly withholdsKeys?: boolean
}

export type EventForm = 'log' | 'opensips'
export type EventFields = Record<string, string | number | boolean | readonly string[]>

/** What stands in a key material field for a destination that must not have it. */
export const withheld = 'withheld'

/**
 * The payload for one destination: `opensips` is the JSON alone, `log` puts one line for a person above it.
 * Valid UTF-8 without control characters other than that one line feed.
 */
export function eventPayload(event: TracedEvent, form: EventForm, secrets: boolean): Buffer {
  const fields = eventFields(event, secrets)
  const json = JSON.stringify(fields)
  return Buffer.from(form === 'opensips' ? json : `${eventLine(event, fields)}\n${json}`)
}

/** The fields of an event in their order; what is not known is left out. */
export function eventFields(event: TracedEvent, secrets: boolean): EventFields {
  const { facts, name } = event
  const session = event.record === 'tls-session'
  const fields: EventFields = {
    Protocol: facts.transport.toUpperCase(),
    Event: session ? 'TLS_SESSION' : name,
    Status: event.status,
    Message: clean(event.message),
  }
  // An orderly end has its cause too: idle, killed, shutdown, …
  put(fields, 'cause', event.cause ?? (name === 'CLOSED' ? facts.closed?.cause : undefined))
  put(fields, 'conn_id', facts.id)
  put(fields, 'seq', event.seq)
  if (event.correlation !== facts.id) put(fields, 'call_id', event.correlation)
  put(fields, 'trace_id', facts.span?.traceId)
  put(fields, 'span_id', facts.span?.spanId)
  putAddresses(fields, facts)
  putTls(fields, facts)
  if (session) {
    put(fields, 'trusted', facts.trusted)
    putPeerFingerprint(fields, facts)
  } else if (carriesCertificates(name)) {
    put(fields, 'trusted', facts.trusted)
    put(fields, 'peer_identities', facts.peerIdentities.join(','))
    putCertificates(fields, facts)
    putSecrets(fields, event, secrets)
  }
  if (!session && (name === 'CLOSED' || name === 'STATS')) putTraffic(fields, event)
  return fields
}

/** `ACCEPTED SUCCESS TLSv1.3 TLS_AES_256_GCM_SHA384 sni=sip.example.com peer=203.0.113.9:50412 verify=ok 12 ms` */
export function eventLine(event: TracedEvent, fields: EventFields): string {
  const words: EventFields[string][] = [fields.Event!, event.status]
  if (event.status === 'FAILURE') words.push(`${fields.cause ?? 'failed'}: ${fields.Message}`)
  for (const key of ['tls_version', 'tls_cipher']) if (fields[key] !== undefined) words.push(fields[key])
  for (const [label, key] of lineFields) if (fields[key] !== undefined) words.push(`${label}=${fields[key]}`)
  if (fields.Event === 'CLOSED' || fields.Event === 'STATS') words.push(`after ${fields.duration_ms} ms`)
  else if (fields.handshake_ms !== undefined) words.push(`${fields.handshake_ms} ms`)
  return words.join(' ')
}

const lineFields = [
  ['sni', 'tls_sni'],
  ['peer', 'peer'],
  ['local', 'local'],
  ['verify', 'verify'],
  ['by', 'closed_by'],
  ['conn_id', 'conn_id'],
  ['call_id', 'call_id'],
] as const

/** ACCEPTED and CONNECTED are the record of a connection; STATS opens it where tracing came later. */
function carriesCertificates(name: ConnectionEventName): boolean {
  return name === 'ACCEPTED' || name === 'CONNECTED' || name === 'STATS'
}

function putAddresses(fields: EventFields, facts: ConnectionFacts): void {
  put(fields, 'direction', facts.direction)
  put(fields, 'side', facts.side)
  putEndpoint(fields, 'local', facts.local)
  putEndpoint(fields, 'peer', facts.peer)
  putEndpoint(fields, 'proxied_by', facts.proxiedBy)
  put(fields, 'relayed_to', facts.relayedTo)
}

function putTls(fields: EventFields, facts: ConnectionFacts): void {
  const { tls, hello } = facts
  put(fields, 'tls_domain', facts.domain)
  put(fields, 'tls_version', tls?.version)
  put(fields, 'tls_cipher', tls?.cipher)
  put(fields, 'tls_sni', facts.sni)
  put(fields, 'tls_alpn', tls?.alpn)
  put(fields, 'tls_resumed', tls?.resumed)
  put(fields, 'tls_group', tls?.group)
  put(fields, 'tls_versions', hello?.versions.join(' '))
  put(fields, 'tls_alpn_offered', hello?.alpn.join(' '))
  put(fields, 'ja4', hello?.ja4)
  put(fields, 'connect_ms', facts.connectMs)
  put(fields, 'handshake_ms', facts.handshakeMs)
  put(fields, 'verify', tls?.verify)
  put(fields, 'verify_name', tls?.nameVerdict)
}

/** By TLS role: client is whoever sent the ClientHello, also when that is us. */
function putCertificates(fields: EventFields, facts: ConnectionFacts): void {
  const weAreClient = facts.direction === 'out'
  putCertificate(fields, 'client', weAreClient ? facts.ownCertificate : facts.peerCertificate)
  putCertificate(fields, 'server', weAreClient ? facts.peerCertificate : facts.ownCertificate)
}

function putCertificate(fields: EventFields, role: 'client' | 'server', certificate: CertificateFacts | undefined) {
  if (certificate === undefined) return
  put(fields, `${role}-subject`, certificate.subject)
  put(fields, `${role}-issuer`, certificate.issuer)
  put(fields, `${role}-serial`, certificate.serial)
  put(fields, `${role}-san`, certificate.san)
  put(fields, `${role}-not-before`, certificate.notBefore)
  put(fields, `${role}-not-after`, certificate.notAfter)
  put(fields, `${role}-sha256`, certificate.sha256)
}

function putPeerFingerprint(fields: EventFields, facts: ConnectionFacts): void {
  put(fields, facts.direction === 'out' ? 'server-sha256' : 'client-sha256', facts.peerCertificate?.sha256)
}

function putSecrets(fields: EventFields, { facts, withholdsKeys }: TracedEvent, secrets: boolean): void {
  if (withholdsKeys) {
    putWithheld(fields, facts)
    return
  }
  const { keylog } = facts
  if (keylog.length === 0) return
  const masterKey = masterKeyOf(keylog)
  if (masterKey !== undefined) fields['master-key'] = secrets ? masterKey : withheld
  fields.keylog = secrets ? keylog.map(clean) : withheld
}

/** The fields there would have been; the lines themselves were not even kept. */
function putWithheld(fields: EventFields, { tls }: ConnectionFacts): void {
  if (tls === undefined) return
  if (tls.version !== 'TLSv1.3') fields['master-key'] = withheld
  fields.keylog = withheld
}

/** NSS key log format: `CLIENT_RANDOM <client random> <master secret>`, written for TLS ≤ 1.2 only; TLS 1.3 has no such key. */
function masterKeyOf(keylog: readonly string[]): string | undefined {
  const line = keylog.find((l) => l.startsWith('CLIENT_RANDOM '))
  return line?.split(' ')[2]
}

function putTraffic(fields: EventFields, { facts, micros }: TracedEvent): void {
  const { closed } = facts
  put(fields, 'closed_by', closed?.by)
  put(fields, 'duration_ms', closed?.durationMs ?? Math.max(0, Math.round((micros - facts.openedMicros) / 1000)))
  put(fields, 'bytes_in', facts.bytesIn)
  put(fields, 'bytes_out', facts.bytesOut)
  put(fields, 'msgs_in', facts.messagesIn)
  put(fields, 'msgs_out', facts.messagesOut)
}

/** Until an outgoing connect is through, our own end has no address. */
function putEndpoint(fields: EventFields, key: string, endpoint: Endpoint | undefined): void {
  if (endpoint !== undefined && endpoint.ip !== unknownEndpoint.ip) put(fields, key, endpointText(endpoint))
}

function put(fields: EventFields, key: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === '') return
  fields[key] = typeof value === 'string' ? clean(value) : value
}

/**
 * Names in certificates and SNI are the peer's words. PostgreSQL refuses `\u0000` and lone surrogates in
 * JSON, and heplify-server then loses the whole batch of rows, other people's too.
 */
function clean(text: string): string {
  // Nearly every text is clean, and this test costs a tenth of the replacement.
  return suspicious.test(text) ? text.replace(/[\u0000-\u001f\u007f]|\p{Cs}/gu, '\ufffd') : text
}

const suspicious = /[\u0000-\u001f\u007f\ud800-\udfff]/
