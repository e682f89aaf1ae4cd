/** IP addresses between text and the 4 or 16 octets that protocols carry. Resolves nothing. */

const colon = ':'
/** RFC 4291 §2.5.5.2 */
const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')

/** 4 octets for IPv4, 16 for IPv6. Throws RangeError on text that is no address: endpoints come from sockets. */
export function inetBytes(ip: string): Buffer {
  const bytes = ip.includes(colon) ? inet6Bytes(ip) : inet4Bytes(ip)
  if (bytes === undefined) throw new RangeError(`not an IP address: ${JSON.stringify(ip)}`)
  return bytes
}

/** The IPv4-mapped IPv6 address of four octets; sixteen octets stay what they are. */
export function asInet6(bytes: Buffer): Buffer {
  return bytes.length === 16 ? bytes : Buffer.concat([mappedPrefix, bytes])
}

/** The address in `length` octets from `at` on. */
export function inetText(buf: Buffer, at: number, length: 4 | 16): string {
  return length === 4 ? inet4Text(buf, at) : inet6Text(buf, at)
}

export function inet4Text(buf: Buffer, at: number): string {
  return `${buf[at]}.${buf[at + 1]}.${buf[at + 2]}.${buf[at + 3]}`
}

/**
 * As RFC 5952 §4 writes it: lower case, no leading zeros, the longest run of two or more zero groups
 * (the first of equals) as `::`. An IPv4-mapped address is given as the IPv4 address it stands for.
 */
export function inet6Text(buf: Buffer, at: number): string {
  if (buf.compare(mappedPrefix, 0, mappedPrefix.length, at, at + mappedPrefix.length) === 0) {
    return inet4Text(buf, at + mappedPrefix.length)
  }
  const groups: string[] = []
  let runStart = -1
  let runLength = 1
  let zeros = 0
  for (let i = 0; i < 8; i++) {
    const group = buf.readUInt16BE(at + i * 2)
    groups.push(group.toString(16))
    zeros = group === 0 ? zeros + 1 : 0
    if (zeros > runLength) {
      runLength = zeros
      runStart = i - zeros + 1
    }
  }
  if (runStart < 0) return groups.join(colon)
  return `${groups.slice(0, runStart).join(colon)}::${groups.slice(runStart + runLength).join(colon)}`
}

function inet4Bytes(ip: string): Buffer | undefined {
  const parts = ip.split('.')
  if (parts.length !== 4) return undefined
  const bytes = Buffer.alloc(4)
  for (let i = 0; i < 4; i++) {
    if (!/^\d{1,3}$/.test(parts[i]) || Number(parts[i]) > 255) return undefined
    bytes[i] = Number(parts[i])
  }
  return bytes
}

function inet6Bytes(ip: string): Buffer | undefined {
  const halves = ip.split('::')
  if (halves.length > 2) return undefined
  const left = groupsOf(halves[0], halves.length === 1)
  const right = groupsOf(halves[1] ?? '', true)
  if (left === undefined || right === undefined) return undefined
  const zeros = 8 - left.length - right.length
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return undefined
  const bytes = Buffer.alloc(16)
  left.forEach((group, i) => {
    bytes.writeUInt16BE(group, i * 2)
  })
  right.forEach((group, i) => {
    bytes.writeUInt16BE(group, 16 - (right.length - i) * 2)
  })
  return bytes
}

/** The 16-bit groups of one side of `::`. RFC 4291 §2.2: an address may end in an IPv4 address. */
function groupsOf(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(colon)
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const inet4 = isEnd && i === parts.length - 1 ? inet4Bytes(part) : undefined
    if (inet4 === undefined) return undefined
    groups.push(inet4.readUInt16BE(0), inet4.readUInt16BE(2))
  }
  return groups
}
