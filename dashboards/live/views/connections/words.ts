/** What the facts of a connection mean, in words for a person. Pure. */
import { type Cause, type CauseEntry, causeEntry } from '../../../../src/base/errors.js'
import type { ConnectionDetail, ConnectionRow } from '../../../../src/base/live.js'
import type { Tone } from '../../ui/status.js'

export interface Verdict {
  readonly tone: Tone
  readonly text: string
}

/** OpenSSL's codes that people meet, as sentences. */
const verifyTexts: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'The certificate of the peer has expired.',
  CERT_NOT_YET_VALID: 'The certificate of the peer is not valid yet.',
  CERT_REVOKED: 'The certificate of the peer was revoked.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The peer signed its certificate itself.',
  SELF_SIGNED_CERT_IN_CHAIN: 'The chain of the peer ends in a root we do not trust.',
  UNABLE_TO_GET_ISSUER_CERT: 'The issuer of a certificate in the chain is missing.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'We do not know the issuer of the certificate.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The peer sent its certificate without the ones above it.',
}

/** What is known of who the peer is. */
export function verdictOf(row: ConnectionRow): Verdict {
  const { transport, verify, direction, state } = row
  if (transport !== 'tls') return { tone: 'neutral', text: `Clear ${transport.toUpperCase()}: nothing is encrypted.` }
  if (verify === undefined) {
    const text = state === 'handshake' ? 'The handshake is going on.' : 'It ended before the handshake was done.'
    return { tone: 'neutral', text }
  }
  if (verify === 'ok') return { tone: 'good', text: 'The certificate of the peer is valid, up to a root we trust.' }
  if (verify !== 'none') return { tone: 'bad', text: verifyTexts[verify] ?? `The certificate failed: ${verify}.` }
  return direction === 'in'
    ? { tone: 'neutral', text: 'The peer showed no certificate, as phones do.' }
    : { tone: 'warning', text: 'The server showed no certificate.' }
}

/** The check of the name we meant to reach (RFC 5922 §7). */
export function nameVerdictOf({ verify_name }: ConnectionDetail): Verdict | undefined {
  if (verify_name === undefined) return undefined
  return verify_name === 'ok'
    ? { tone: 'good', text: 'The certificate names the host we meant to reach.' }
    : { tone: 'bad', text: 'The certificate does not name the host we meant to reach.' }
}

export function causeOf(cause: string): CauseEntry {
  return causeEntry(cause as Cause)
}

/** An end in order is no news, however it came. */
export function causeTone(cause: string): Tone {
  const { fate } = causeOf(cause)
  return fate === 'ended' ? 'neutral' : fate === 'dropped' ? 'warning' : 'bad'
}

/** Who ended it: `closed_by` of CLOSED. */
export const closerTexts: Readonly<Record<string, string>> = {
  peer: 'by the peer',
  local: 'by the gateway',
  timeout: 'because time ran out',
  error: 'by an error',
}

/** Address and port of `192.0.2.1:5061` and `[2001:db8::1]:5061`; the brackets stay with the address. */
export function endpointParts(endpoint: string): readonly [address: string, port: string] {
  const colon = endpoint.lastIndexOf(':')
  return [endpoint.slice(0, colon), endpoint.slice(colon)]
}

/** The address as the search takes it. */
export function plainAddress(endpoint: string): string {
  return endpointParts(endpoint)[0].replace(/^\[|\]$/g, '')
}
