/** IP addresses between text and the 4 or 16 bytes that protocols carry. */
import { isIPv4, isIPv6 } from 'node:net'

/** Throws on what is not an IP address. */
export function ipToBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number))
  if (!isIPv6(ip) || ip.includes('%')) throw new TypeError(`not an IP address: ${ip}`)
  const [head, tail] = dottedTailAsGroups(ip)
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':')))
  const groups = tail === undefined ? head! : [...head!, ...zeros(8 - head!.length - tail.length), ...tail]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** 4 or 16 bytes at `offset`; IPv6 in the short form of RFC 5952, mapped IPv4 as `::ffff:192.0.2.1` (§5). */
export function ipFromBytes(bytes: Buffer, offset: number, length: 4 | 16): string {
  if (length === 4) return bytes.subarray(offset, offset + 4).join('.')
  if (mappedPrefix.compare(bytes, offset, offset + 12) === 0) return `::ffff:${ipFromBytes(bytes, offset + 12, 4)}`
  const groups: number[] = []
  for (let at = offset; at < offset + 16; at += 2) groups.push(bytes.readUInt16BE(at))
  // §4.2.3: the longest run of zero groups becomes `::`, the first of equals, never a single group
  let [bestStart, bestLength] = [0, 1]
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > bestLength) [bestStart, bestLength] = [start, end - start]
  }
  const text = groups.map((group) => group.toString(16))
  if (bestLength === 1) return text.join(':')
  return `${text.slice(0, bestStart).join(':')}::${text.slice(bestStart + bestLength).join(':')}`
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')

/** `::ffff:192.0.2.1` → `::ffff:c000:201` */
function dottedTailAsGroups(ip: string): string {
  return ip.replace(/[\d.]+$/, (tail) => {
    if (!isIPv4(tail)) return tail
    const bytes = Buffer.from(tail.split('.').map(Number))
    return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`
  })
}

const zeros = (count: number): string[] => Array<string>(count).fill('0')
