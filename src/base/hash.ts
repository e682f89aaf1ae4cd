/** Hashes that tell things apart or spread them: quick, known to everybody, no protection against anyone (for that: siphash). */

const offset = 0x811c9dc5
const prime = 0x01000193

/** FNV-1a of buf[from, to), 32 bits, signed. */
export function hashOfBytes(buf: Buffer, from: number, to: number): number {
  let hash = offset
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (buf[at] as number), prime)
  return hash | 0
}

/** FNV-1a over the UTF-16 units of a text, 32 bits, signed. */
export function hashOfText(text: string): number {
  let hash = offset
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), prime)
  return hash | 0
}

/** Each bit of the input moves half of the output, so that neighbours end far apart (finalizer of MurmurHash3). Signed. */
export function scramble(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
