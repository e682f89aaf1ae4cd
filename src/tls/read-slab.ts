/**
 * Where clear connections we open read to. By default Node allocates 64 kB for every read and shrinks
 * it; one buffer for all reads, from which each takes a copy of what came, costs the relay a tenth less
 * CPU per message (test/bench). Only one read is ever in it: its callback runs before the next.
 */
import type { OnReadOpts } from 'node:net'

const readBytes = 64 * 1024
const slabBytes = 256 * 1024

/** For `net.connect`. `read` is given bytes of its own, in a slab shared with earlier and later reads. */
export function readInto(read: (chunk: Buffer) => void): OnReadOpts {
  return {
    buffer: shared,
    callback: (bytes: number): boolean => {
      read(copyOf(bytes))
      return true
    },
  }
}

const shared = Buffer.allocUnsafeSlow(readBytes)
let slab = Buffer.allocUnsafeSlow(slabBytes)
let used = 0

function copyOf(bytes: number): Buffer {
  if (used + bytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    used = 0
  }
  const chunk = slab.subarray(used, used + bytes)
  shared.copy(chunk, 0, 0, bytes)
  used += bytes
  return chunk
}
