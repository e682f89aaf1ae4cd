/**
 * The captures under way: counts them, and ends each with its reader, with the signal of whoever asked, or with the
 * gateway. What is in them is not its business.
 */
import type { CaptureRequest, SearchProblem } from '../../base/live.js'
import { type CaptureSources, capture, type Pieces } from './capture.js'

/** Each looks at every message, a microsecond, and 4 MiB may wait for its reader (following.ts). */
const maxCaptures = 16

export class Captures {
  readonly #sources: CaptureSources
  readonly #open = new Set<AbortController>()
  #stopped = false

  constructor(sources: CaptureSources) {
    this.#sources = sources
  }

  /**
   * Whoever asks reads it to its end, returns it, or aborts the signal of the request; until then it has its place.
   * undefined: no such connection or call, or nothing of it was traced.
   */
  begin(request: CaptureRequest): AsyncIterable<Buffer> | SearchProblem | undefined {
    if (this.#stopped) return { problem: 'the gateway is stopping', full: true }
    if (this.#open.size >= maxCaptures) {
      return { problem: `no more than ${maxCaptures} captures may be taken at a time`, full: true }
    }
    const begin = capture(request, this.#sources)
    if (typeof begin !== 'function') return begin
    const end = this.#place(request.signal)
    const pieces = begin(end.signal)
    return { [Symbol.asyncIterator]: () => endable(pieces, end) }
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size
  }

  stop(): void {
    this.#stopped = true
    for (const end of [...this.#open]) end.abort()
  }

  /** Given up when it is aborted. */
  #place(signal: AbortSignal | undefined): AbortController {
    const end = new AbortController()
    const abort = (): void => end.abort()
    this.#open.add(end)
    end.signal.addEventListener('abort', () => {
      this.#open.delete(end)
      signal?.removeEventListener('abort', abort)
    })
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    return end
  }
}

/** A generator that waits for a message hears nothing of a reader who left, until the signal wakes it. */
function endable(pieces: Pieces, end: AbortController): AsyncIterator<Buffer> {
  return {
    next: async () => {
      try {
        const piece = await pieces.next()
        if (piece.done) end.abort()
        return piece
      } catch (error) {
        end.abort()
        throw error
      }
    },
    return: () => {
      end.abort()
      return pieces.return(undefined)
    },
  }
}
