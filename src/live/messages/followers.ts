/** Who hears of every message that passes a test once it is read: captures. It reads and keeps no messages. */
import { type MessageTest, type RawMessage, rawMessage, type Stored } from './stored.js'

interface Follower {
  readonly hear: (message: RawMessage) => void
  readonly test: MessageTest
}

export class Followers {
  readonly #followers = new Set<Follower>()

  get size(): number {
    return this.#followers.size
  }

  /** Returns the end of it. */
  add(hear: (message: RawMessage) => void, test: MessageTest): () => void {
    const follower = { hear, test }
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** One copy for all who want it. */
  tell(entry: Stored): void {
    const { connId } = entry.leg
    let message: RawMessage | undefined
    for (const { hear, test } of this.#followers) {
      if (!test(connId, entry.callId)) continue
      message ??= rawMessage(entry)
      hear(message)
    }
  }

  clear(): void {
    this.#followers.clear()
  }
}
