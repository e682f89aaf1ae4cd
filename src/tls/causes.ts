/**
 * Sorts what OpenSSL, Node and the network say about a failed connection into the causes of
 * base/errors. It looks at codes only and judges nothing itself.
 */
import { type Cause, causeSentence, type Failure, failure } from '../base/errors.js'

/** What Node adds to an error of OpenSSL. */
export interface TlsError extends Error {
  readonly code?: string | undefined
  /** OpenSSL's words: `no shared cipher` */
  readonly reason?: string | undefined
}

/** Why a handshake failed, from `tlsClientError` (accepted) or `error` (initiated). */
export function handshakeCause(error: TlsError): Failure {
  const code = error.code ?? ''
  if (!code.startsWith('ERR_SSL_')) return handshakeBroken(error)
  const alert = alertPattern.exec(code)?.[1]
  if (alert !== undefined) {
    const name = alert.toLowerCase()
    return failure(`peer-alert-${rfcAlertNames[name] ?? name}`)
  }
  return withDetail(opensslCauses[code] ?? 'tls-protocol-error', error.reason ?? code)
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

/** No alert and no fault of the protocol: the transport went away. */
function handshakeBroken(error: TlsError): Failure {
  return error.code === 'ETIMEDOUT'
    ? withDetail('handshake-timeout', error.code)
    : withDetail('reset-in-handshake', error.code ?? error.message)
}

function withDetail(cause: Cause, detail: string): Failure {
  return failure(cause, `${causeSentence(cause)} (${detail})`)
}

/**
 * OpenSSL names an alert by the version that brought it (`SSLV3_ALERT_HANDSHAKE_FAILURE`,
 * `TLSV13_ALERT_CERTIFICATE_REQUIRED`), those of RFC 6066 without the word ALERT (`TLSV1_UNRECOGNIZED_NAME`).
 */
const alertPattern = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(\w+)$/

/** Where OpenSSL's name differs from RFC 8446 §6. */
const rfcAlertNames: Readonly<Record<string, string>> = { user_cancelled: 'user_canceled' }

const opensslCauses: Readonly<Record<string, Cause>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no-shared-version',
  ERR_SSL_VERSION_TOO_LOW: 'no-shared-version',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'no-shared-version',
  ERR_SSL_WRONG_SSL_VERSION: 'no-shared-version',
  ERR_SSL_NO_SHARED_CIPHER: 'no-shared-cipher',
  ERR_SSL_NO_CIPHERS_AVAILABLE: 'no-shared-cipher',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'no-shared-sigalg',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'no-shared-sigalg',
  ERR_SSL_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED: 'no-shared-sigalg',
  ERR_SSL_WRONG_SIGNATURE_TYPE: 'no-shared-sigalg',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'no-shared-group',
  ERR_SSL_NO_SUITABLE_GROUPS: 'no-shared-group',
  ERR_SSL_NO_SHARED_GROUPS: 'no-shared-group',
  ERR_SSL_WRONG_CURVE: 'no-shared-group',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'client-cert-missing',
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: 'cert-invalid',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_HTTP_REQUEST: 'http-on-sip-port',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'http-on-sip-port',
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
