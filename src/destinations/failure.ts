/** What a socket error of a destination means, in the words of the causes table: `unknown-ca: the certificate …`. */
import { type Failure, failure } from '../base/errors.js'
import { handshakeCause, socketCause, verifyCause } from '../tls/causes.js'

/** `wasUp`: the link had been made when the error came. */
export function linkFailure(error: NodeJS.ErrnoException, wasUp: boolean): string {
  const { cause, message } = sorted(error, wasUp)
  return `${cause}: ${message}`
}

function sorted(error: NodeJS.ErrnoException, wasUp: boolean): Failure {
  const code = error.code ?? ''
  if (code.startsWith('ERR_SSL_')) return handshakeCause(error)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return failure('cert-name-mismatch')
  const reset = code === 'ECONNRESET' || code === 'EPIPE'
  if (reset && wasUp) return failure('peer-reset')
  if (reset || error.syscall !== undefined) return socketCause(error)
  return verifyCause(code) // what Node reports by the name of OpenSSL's verify code: SELF_SIGNED_CERT_IN_CHAIN
}
