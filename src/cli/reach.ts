/**
 * One request to a server over HTTP, and in words that help why there was no answer. Follows no redirect, which would
 * take credentials elsewhere.
 */

const answerTimeoutMs = 10_000
/** Node.js reads the variable when it starts, so no option of ours could stand for it. */
const untrustedAdvice = 'NODE_EXTRA_CA_CERTS=FILE names a CA to trust'

/** `url`: the server as the user named it; `advice`: what to look at where nothing answers. Throws Error. */
export async function reach(url: string, path: string, init: RequestInit, advice: string): Promise<Response> {
  try {
    return await fetch(url + path, { ...init, signal: AbortSignal.timeout(answerTimeoutMs), redirect: 'error' })
  } catch (error) {
    const { cause } = error as Error
    if (isUntrusted(cause)) throw new Error(`${url}: ${cause.message}; ${untrustedAdvice}`)
    throw new Error(`no answer from ${url} (${reasonOf(error as Error)}); ${advice}`)
  }
}

function reasonOf({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message
  // what OpenSSL says is for programmers, in several lines
  return codeOf(cause) === 'ERR_SSL_WRONG_VERSION_NUMBER' ? 'it does not speak TLS' : cause.message || cause.name
}

/** OpenSSL's verdicts on a certificate, as Node names them. */
function isUntrusted(cause: unknown): cause is Error {
  return cause instanceof Error && /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(codeOf(cause))
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code)
}
