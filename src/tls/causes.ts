/**
 * Sorts what OpenSSL, Node and the network say about a failed connection into the causes of
 * base/errors. It looks at codes only and judges nothing itself.
 */
import { type Cause, causeSentence, type Failure, failure } from '../base/errors.js'

/** Why a handshake failed, from `tlsClientError` (accepted) or `error` (initiated). */
export function handshakeCause(error: NodeJS.ErrnoException): Failure {
  const reason = opensslReason(error)
  if (reason === undefined) return transportCause(error)
  const alert = alertPattern.exec(reason)?.[1]?.replaceAll(' ', '_')
  if (alert !== undefined) return failure(`peer-alert-${rfcAlertNames[alert] ?? alert}`)
  return withDetail(opensslCauses[reason] ?? 'tls-protocol-error', reason)
}

/** Why a certificate was not accepted, from `authorizationError`. */
export function verifyCause(code: string): Failure {
  return withDetail(verifyCauses[code] ?? 'cert-invalid', code)
}

/** Why a TCP connection did not come about or was lost before anything was said on it. */
export function socketCause(error: NodeJS.ErrnoException): Failure {
  const code = error.code ?? ''
  return withDetail(
    socketCauses[code] ?? (code.startsWith('EAI_') ? 'dns-failed' : 'unreachable'),
    code || error.message,
  )
}

/**
 * OpenSSL's words: `no shared cipher`. Node makes its code of them; while a write is under way it says
 * EPROTO instead and leaves them in the message.
 */
function opensslReason(error: NodeJS.ErrnoException): string | undefined {
  if (error.code?.startsWith('ERR_SSL_')) return error.code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ')
  return error.code === 'EPROTO' ? /:SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] : undefined
}

/** Nothing wrong with TLS: what carries it went away. */
function transportCause(error: NodeJS.ErrnoException): Failure {
  return withDetail(
    error.code === 'ETIMEDOUT' ? 'handshake-timeout' : 'reset-in-handshake',
    error.code ?? error.message,
  )
}

function withDetail(cause: Cause, detail: string): Failure {
  return failure(cause, `${causeSentence(cause)} (${detail})`)
}

/**
 * OpenSSL names an alert by the version that brought it (`sslv3 alert handshake failure`, since 3.2
 * `ssl/tls alert handshake failure`), those of RFC 6066 without the word alert (`tlsv1 unrecognized name`).
 */
const alertPattern = /^(?:sslv3|tlsv1|tlsv13|ssl\/tls) (?:alert )?(.+)$/

/** Where OpenSSL's name differs from RFC 8446 §6. */
const rfcAlertNames: Readonly<Record<string, string>> = { user_cancelled: 'user_canceled' }

const opensslCauses: Readonly<Record<string, Cause>> = {
  'unsupported protocol': 'no-shared-version',
  'version too low': 'no-shared-version',
  'no protocols available': 'no-shared-version',
  'wrong ssl version': 'no-shared-version',
  'no shared cipher': 'no-shared-cipher',
  'no ciphers available': 'no-shared-cipher',
  'no suitable signature algorithm': 'no-shared-sigalg',
  'no shared signature algorithms': 'no-shared-sigalg',
  'legacy sigalg disallowed or unsupported': 'no-shared-sigalg',
  'wrong signature type': 'no-shared-sigalg',
  'no suitable key share': 'no-shared-group',
  'no suitable groups': 'no-shared-group',
  'wrong curve': 'no-shared-group',
  'peer did not return a certificate': 'client-cert-missing',
  'certificate verify failed': 'cert-invalid',
  'wrong version number': 'not-tls',
  'http request': 'http-on-sip-port',
  'https proxy request': 'http-on-sip-port',
}

/** Whatever is not here (CRLs missing or out of date, wrong purpose, broken signatures) is `cert-invalid`. */
const verifyCauses: Readonly<Record<string, Cause>> = {
  CERT_HAS_EXPIRED: 'cert-expired',
  CERT_NOT_YET_VALID: 'cert-not-yet-valid',
  CERT_REVOKED: 'cert-revoked',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown-ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown-ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-ca',
  CERT_UNTRUSTED: 'unknown-ca',
  HOSTNAME_MISMATCH: 'cert-name-mismatch',
}

/** Codes of connect(2), getaddrinfo(3) and c-ares. */
const socketCauses: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: 'connect-refused',
  ETIMEDOUT: 'connect-timeout',
  ECONNRESET: 'reset-in-handshake',
  ECONNABORTED: 'reset-in-handshake',
  EPIPE: 'reset-in-handshake',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EMFILE: 'limit-reached',
  ENFILE: 'limit-reached',
  ENOBUFS: 'limit-reached',
  ENOTFOUND: 'dns-failed',
  ENODATA: 'dns-failed',
  ESERVFAIL: 'dns-failed',
  EREFUSED: 'dns-failed',
  ETIMEOUT: 'dns-failed',
}
