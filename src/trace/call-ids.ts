/**
 * The Call-IDs a traced connection carried: tells the first sight of one, and remembers the latest for the
 * failures of their connection. Memory is bounded whatever the peer sends.
 */
import { hashOfBytes } from '../base/hash.js'
import { CallHashes } from './call-hashes.js'

/** as many calls are told of a failure on their connection */
const maxRecent = 16
/** Call-IDs are 20 to 60 octets in practice; what is longer is traced but gets no records of its own */
const maxCallIdBytes = 255

export class CallIds {
  readonly #seen = new CallHashes()
  #lastHash = 0
  /** latest last */
  readonly #recent: { hash: number; text: string; micros: number }[] = []

  /**
   * True when this Call-ID is new to the connection. By a 32-bit hash: one new call in a million may go
   * without its record, which is cheaper than keeping every Call-ID.
   */
  firstSight(buf: Buffer, start: number, end: number, micros: number): boolean {
    if (end - start > maxCallIdBytes) return false
    // Not keyed, so cheap: all a peer could reach by a collision is that one call of his lacks its record.
    const hash = hashOfBytes(buf, start, end) || 1
    if (hash === this.#lastHash) {
      // Consecutive messages mostly share their call.
      this.#recent[this.#recent.length - 1]!.micros = micros
      return false
    }
    this.#lastHash = hash
    const known = this.#seen.take(hash)
    this.#touch(hash, buf, start, end, micros)
    return !known
  }

  /** Call-IDs seen at or after `sinceMicros`, latest first. */
  recent(sinceMicros: number): string[] {
    return this.#recent
      .filter((call) => call.micros >= sinceMicros)
      .map((call) => call.text)
      .reverse()
  }

  #touch(hash: number, buf: Buffer, start: number, end: number, micros: number): void {
    const recent = this.#recent
    for (let i = recent.length - 1; i >= 0; i--) {
      const call = recent[i]!
      if (call.hash !== hash) continue
      call.micros = micros
      recent.splice(i, 1)
      recent.push(call)
      return
    }
    if (recent.length === maxRecent) recent.shift()
    recent.push({ hash, text: buf.toString('utf8', start, end), micros })
  }
}
