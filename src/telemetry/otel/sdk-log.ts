/**
 * What the SDK of OpenTelemetry has to say, in our log: wrong values of its variables, a collector that is down. The
 * same trouble is told once in a while, however often it is met, and neither what was to be exported nor what a
 * collector answered gets in, nor the password of a URL.
 */
import type { DiagLogger } from '@opentelemetry/api'
import type { Log } from '../../base/log.js'

/** A collector that stays down fails an export every few seconds, for each signal. */
const repeatAfterMs = 300_000
/** A wrong endpoint or token is as long as somebody made it; the SDK's sentences are not. */
const maxChars = 300
/** sentences the SDK has: few; bounded because some hold the values of variables */
const maxSentences = 100
export class SdkLog implements DiagLogger {
  readonly #log: Log
  readonly #nowMs: () => number
  /** when it may be said again */
  readonly #saidUntil = new Map<string, number>()

  constructor(log: Log, nowMs: () => number = () => performance.now()) {
    this.#log = log
    this.#nowMs = nowMs
  }

  readonly error = (message: string, ...rest: unknown[]): void => this.#tell(sentence(message, rest))
  readonly warn = (message: string, ...rest: unknown[]): void => this.#tell(sentence(message, rest))
  readonly info = (message: string): void => this.#whisper(message)
  readonly debug = (message: string): void => this.#whisper(message)
  readonly verbose = (message: string): void => this.#whisper(message)

  #tell(reason: string): void {
    const nowMs = this.#nowMs()
    // how many were dropped, how long it took: not another trouble
    const kind = reason.replace(/\d+/g, '#')
    if ((this.#saidUntil.get(kind) ?? 0) > nowMs) {
      this.#whisper(reason)
      return
    }
    if (this.#saidUntil.size >= maxSentences) this.#saidUntil.clear()
    this.#saidUntil.set(kind, nowMs + repeatAfterMs)
    this.#log.warn({ reason }, 'OpenTelemetry reports a problem')
  }

  #whisper(reason: string): void {
    this.#log.debug({ reason: fit(reason) }, 'OpenTelemetry says')
  }
}

/** The SDK hands errors on as they are, or as one JSON text of all their fields, stack and answer of the collector included. */
function sentence(message: string, rest: readonly unknown[]): string {
  const error = rest.find((part) => part instanceof Error)
  return fit(error === undefined ? ofJson(message) : `${message}: ${error.message}`)
}

/** Cut last: what is left of a URL might end before the `@` that betrays its password. */
function fit(text: string): string {
  return text.replace(/\/\/\S+/g, withoutUser).slice(0, maxChars)
}

/** `//user:password@host`, with whatever is in the password. */
function withoutUser(url: string): string {
  const at = url.lastIndexOf('@')
  return at < 0 ? url : `//***${url.slice(at)}`
}

function ofJson(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    const { message, code, errors } = JSON.parse(text) as Record<string, string | undefined>
    // Node tries all addresses of a name, and its error for that has no message.
    return message || errors || code || 'an export failed'
  } catch {
    return 'an export failed'
  }
}
