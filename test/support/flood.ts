/** More than anybody takes at once: to see who is held back, and what becomes of it. */
import type { Writable } from 'node:stream'
import { patienceMs, type Scene } from './scene.js'
import { until } from './wait.js'

/** Far more than the sockets of both legs hold between them (some 10 MB on loopback). */
export const floodBytes = 160 << 20

/** Writes messages until nothing more is taken, goes on when there is room, and ends at `floodBytes` or when told. */
export class Flood {
  bytes = 0
  messages = 0
  readonly #to: Writable
  readonly #message: (index: number) => Buffer
  #stopped = false

  constructor(to: Writable, message: (index: number) => Buffer) {
    this.#to = to
    this.#message = message
    this.#more()
  }

  /** What was written is under way all the same. */
  stop(): void {
    this.#stopped = true
  }

  readonly #more = (): void => {
    while (!this.#stopped && this.bytes < floodBytes) {
      const message = this.#message(this.messages++)
      this.bytes += message.length
      if (!this.#to.write(message)) {
        this.#to.once('drain', this.#more)
        return
      }
    }
  }
}

/** Nothing has moved for so many looks, or the connection is gone: whoever can hold anything is full. */
export async function standstill(scene: Scene, peer: string, flood: Flood): Promise<void> {
  let before = ''
  let same = 0
  await until(
    'a standstill',
    async () => {
      const live = (await scene.connections()).find((connection) => connection.peer === peer)
      const now = [live?.bytes_in, live?.bytes_out, flood.bytes].join()
      same = now === before ? same + 1 : 0
      before = now
      return same >= 20
    },
    patienceMs,
  )
}
