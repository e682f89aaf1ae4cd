/**
 * What spans say of a connection: attributes by the semantic conventions of OpenTelemetry where there is one
 * (`network.*`, `tls.*`, `error.*`), ours beside them (`hepgate.*`). No names of users, no key material.
 */

import { type Attributes, type Link, TraceFlags } from '@opentelemetry/api'
import { familyOf, unknownEndpoint } from '../../base/address.js'
import type { CertificateFacts, ConnectionFacts, SpanIds } from '../../base/facts.js'
import { protocolVersion } from '../../base/tls-versions.js'

/** A stranger's certificate may have names of 45 kB; a batch of 512 spans is to stay below the 4 MB that gRPC takes. */
const maxNameChars = 512

/** Whose connection it is: for spans of requests, which have the rest by their links. */
export function peerAttributes({ id, side, transport, domain, peer }: ConnectionFacts): Attributes {
  return {
    'hepgate.conn_id': id,
    'hepgate.side': side,
    'hepgate.domain': domain,
    'network.transport': transport === 'udp' ? 'udp' : 'tcp',
    'network.peer.address': peer.ip,
    'network.peer.port': peer.port,
  }
}

/** For spans of connections. */
export function networkAttributes(facts: ConnectionFacts): Attributes {
  const { direction, peer, local } = facts
  const knowsLocal = local.ip !== unknownEndpoint.ip
  // twenty times as fast as spreading one into the other (Node 20)
  return Object.assign(peerAttributes(facts), {
    'hepgate.direction': direction,
    'network.type': familyOf(peer.ip),
    'network.local.address': knowsLocal ? local.ip : undefined,
    'network.local.port': knowsLocal ? local.port : undefined,
  })
}

/** What its handshake came to, as far as it came. */
export function tlsAttributes(facts: ConnectionFacts): Attributes {
  const { tls, hello, sni, direction, ownCertificate, peerCertificate } = facts
  const weAreClient = direction === 'out'
  return {
    'tls.protocol.name': 'tls',
    'tls.protocol.version': tls && protocolVersion(tls.version),
    'tls.cipher': tls?.cipher,
    'tls.curve': tls?.group,
    'tls.resumed': tls?.resumed,
    'tls.next_protocol': tls?.alpn,
    'tls.client.server_name': sni,
    'hepgate.tls.verify': tls?.verify,
    'hepgate.tls.offered_versions': hello?.versions.slice(),
    'hepgate.tls.ja4': hello?.ja4,
    ...certificateAttributes('client', weAreClient ? ownCertificate : peerCertificate),
    ...certificateAttributes('server', weAreClient ? peerCertificate : ownCertificate),
  }
}

export function linkTo({ traceId, spanId }: SpanIds): Link {
  return { context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED } }
}

function certificateAttributes(role: 'client' | 'server', certificate: CertificateFacts | undefined): Attributes {
  if (certificate === undefined) return {}
  return {
    [`tls.${role}.subject`]: cut(certificate.subject),
    [`tls.${role}.issuer`]: cut(certificate.issuer),
    [`tls.${role}.not_before`]: certificate.notBefore,
    [`tls.${role}.not_after`]: certificate.notAfter,
    // upper case, by the semantic conventions
    [`tls.${role}.hash.sha256`]: certificate.sha256.toUpperCase(),
  }
}

/** In bytes of its own: what `slice` gives holds the whole name. */
function cut(name: string): string {
  return name.length <= maxNameChars ? name : Buffer.from(name.slice(0, maxNameChars)).toString()
}
