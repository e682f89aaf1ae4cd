/** A TCP connection that carries what TLS writes in pieces of a test's choosing: for `socket` of `tls.connect`. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** Each write of TLS as the pieces that are to be sent one after the other, each in a turn of its own. */
export type Cut = (bytes: Buffer) => Iterable<Buffer>

export class Piecewise extends Duplex {
  readonly #raw: Socket
  readonly #cut: Cut

  constructor(raw: Socket, cut: Cut) {
    super()
    this.#raw = raw
    this.#cut = cut
    raw.on('data', (chunk) => this.push(chunk))
    raw.on('end', () => this.push(null))
    raw.on('close', () => this.destroy())
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const pieces = this.#cut(bytes)[Symbol.iterator]()
    const next = (): void => {
      const { value, done: over } = pieces.next()
      if (over === true) done()
      else this.#raw.write(value, () => setImmediate(next))
    }
    next()
  }

  override _final(done: () => void): void {
    this.#raw.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.destroy()
    done(error)
  }
}

/** Pieces of `size` bytes. */
export function inPieces(size: number): Cut {
  return function* (bytes) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
}
