/**
 * PROXY protocol, versions 1 and 2 (HAProxy, doc/proxy-protocol.txt): who the client of a load
 * balancer is, written in front of the stream. Reader and writers; it knows no socket, and who may
 * send a header is the listener's business.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { type Endpoint, endpoint } from '../base/address.js'
import { type Failure, failure } from '../base/errors.js'
import { asInet6, inetBytes, inetText } from '../base/inet.js'
import { CollectedBytes } from './collected-bytes.js'
import { crc32c } from './crc32c.js'

export interface ProxyHeader {
  /** both undefined: the load balancer speaks for itself (LOCAL) or does not know (UNKNOWN): take the socket's */
  readonly source: Endpoint | undefined
  readonly destination: Endpoint | undefined
}

/** §2.1: with CRLF; enough for two IPv6 addresses. */
const maxV1Bytes = 107
/** After the 16 bytes in front: addresses take 36 at most, the rest is for TLVs. HAProxy sends less than 500. */
const maxV2Length = 2048

const v1Start = Buffer.from('PROXY ')
/** §2.2 */
const v2Signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const v2FixedBytes = 16
const v2Commands = { local: 0x20, proxy: 0x21 } as const
const v2Families = { tcp4: 0x11, tcp6: 0x21 } as const
const tlvCrc32c = 0x03

const unknownHeader: ProxyHeader = { source: undefined, destination: undefined }

export class ProxyReader {
  readonly #stream = new CollectedBytes()
  #headerBytes = 0
  #result: ProxyHeader | Failure | undefined

  /**
   * The header, why there is none, or `more`. The answer does not depend on how the bytes are cut up. The chunk
   * is kept, not copied: it must stay as it is.
   */
  push(chunk: Buffer): ProxyHeader | Failure | 'more' {
    this.#stream.append(chunk)
    if (this.#result) return this.#result
    const bytes = this.#stream.bytes
    const version = versionOf(bytes)
    const end = version === undefined ? notAHeader : version === 1 ? v1End(bytes) : v2End(bytes)
    if (end === 'more') return end
    if (typeof end === 'number') {
      this.#headerBytes = end
      const header = bytes.subarray(0, end)
      this.#result = version === 1 ? parseV1(header.toString('latin1', 0, end - 2)) : parseV2(header)
    } else {
      this.#result = end
    }
    return this.#result
  }

  /** What came after the header, to be put back in front of the stream. */
  rest(): Buffer {
    return this.#stream.bytes.subarray(this.#headerBytes)
  }
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 40000 5061\r\n` */
export function proxyHeaderV1(source: Endpoint, destination: Endpoint): Buffer {
  const family = familyOf(source, destination)
  const [from, to] = family === 6 ? [inet6(source.ip), inet6(destination.ip)] : [source.ip, destination.ip]
  return Buffer.from(`PROXY TCP${family} ${from} ${to} ${source.port} ${destination.port}\r\n`)
}

export function proxyHeaderV2(source: Endpoint, destination: Endpoint): Buffer {
  const family = familyOf(source, destination)
  const [from, to] = [inetBytes(source.ip), inetBytes(destination.ip)]
  const addresses = family === 6 ? [asInet6(from), asInet6(to)] : [from, to]
  const body = Buffer.concat([...addresses, ports(source, destination)])
  const familyByte = family === 6 ? v2Families.tcp6 : v2Families.tcp4
  const fixed = Buffer.from([v2Commands.proxy, familyByte, body.length >> 8, body.length & 0xff])
  return Buffer.concat([v2Signature, fixed, body])
}

function ports(source: Endpoint, destination: Endpoint): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(source.port, 0)
  bytes.writeUInt16BE(destination.port, 2)
  return bytes
}

/**
 * A header has one family. An IPv6 client that a balancer brought over IPv4 is worth more than saying UNKNOWN: the
 * IPv4 address beside it is written as mapped (RFC 4291 §2.5.5.2), as HAProxy does.
 */
function familyOf(source: Endpoint, destination: Endpoint): 4 | 6 {
  return isIPv4(source.ip) && isIPv4(destination.ip) ? 4 : 6
}

function inet6(ip: string): string {
  return isIPv4(ip) ? `::ffff:${ip}` : ip
}

function broken(what: string): Failure {
  return failure('bad-proxy-header', `the PROXY protocol header is broken: ${what}`)
}

const notAHeader = failure('bad-proxy-header', 'the stream does not begin with a PROXY protocol header')

/** By the bytes there are; with none it may be either. */
function versionOf(bytes: Buffer): 1 | 2 | undefined {
  if (startsWith(bytes, v1Start)) return 1
  return startsWith(bytes, v2Signature) ? 2 : undefined
}

/** As far as there are bytes. */
function startsWith(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(start.length, bytes.length)
  return start.compare(bytes, 0, length, 0, length) === 0
}

/** §2.1: nothing is parsed before CRLF is there, and it has to be there within 107 bytes. */
function v1End(bytes: Buffer): number | Failure | 'more' {
  const cr = bytes.subarray(0, maxV1Bytes - 1).indexOf(0x0d)
  if (cr < 0) return bytes.length < maxV1Bytes - 1 ? 'more' : broken(`no line end in ${maxV1Bytes} bytes`)
  if (bytes.length < cr + 2) return 'more'
  return bytes[cr + 1] === 0x0a ? cr + 2 : broken('a CR without LF')
}

function parseV1(line: string): ProxyHeader | Failure {
  const [, protocol, sourceIp, destinationIp, sourcePort, destinationPort, more] = line.split(' ')
  // §2.1: whatever follows UNKNOWN is to be ignored
  if (protocol === 'UNKNOWN') return unknownHeader
  const isIp = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isIPv6 : undefined
  if (isIp === undefined) return broken('neither TCP4, TCP6 nor UNKNOWN')
  if (destinationPort === undefined || more !== undefined) return broken('not two addresses and two ports')
  const source = v1Endpoint(sourceIp!, sourcePort!, isIp)
  const destination = v1Endpoint(destinationIp!, destinationPort, isIp)
  return source && destination ? { source, destination } : broken('an address or a port is not one')
}

function v1Endpoint(ip: string, port: string, isIp: (ip: string) => boolean): Endpoint | undefined {
  // §2.1: no leading zeroes
  if (!isIp(ip) || ip.includes('%') || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 0xffff) return undefined
  const bytes = inetBytes(ip)
  return endpoint(inetText(bytes, 0, bytes.length as 4 | 16), Number(port))
}

function v2End(bytes: Buffer): number | Failure | 'more' {
  if (bytes.length < v2FixedBytes) return 'more'
  const length = bytes.readUInt16BE(14)
  if (length > maxV2Length) return broken(`${length} bytes long`)
  const end = v2FixedBytes + length
  return bytes.length < end ? 'more' : end
}

function parseV2(header: Buffer): ProxyHeader | Failure {
  const command = header[12]!
  const family = header[13]!
  // §2.2: anything else must be rejected, LOCAL accepted and its addresses ignored
  if (command !== v2Commands.local && command !== v2Commands.proxy) {
    return broken(`version and command 0x${command.toString(16)}`)
  }
  const ipBytes = family === v2Families.tcp4 ? 4 : family === v2Families.tcp6 ? 16 : undefined
  // what follows LOCAL, or addresses that are not of TCP, is skipped
  if (command === v2Commands.local || ipBytes === undefined) return unknownHeader

  const portsAt = v2FixedBytes + 2 * ipBytes
  if (header.length < portsAt + 4) return broken('no room for the addresses')
  const fault = checkTlvs(header, portsAt + 4)
  if (fault !== undefined) return broken(fault)
  return {
    source: endpoint(inetText(header, v2FixedBytes, ipBytes), header.readUInt16BE(portsAt)),
    destination: endpoint(inetText(header, v2FixedBytes + ipBytes, ipBytes), header.readUInt16BE(portsAt + 2)),
  }
}

/** §2.2: types we do not know are skipped; a checksum that is there must be right. */
function checkTlvs(header: Buffer, start: number): string | undefined {
  for (let at = start; at < header.length; ) {
    const valueAt = at + 3
    const end = valueAt <= header.length ? valueAt + header.readUInt16BE(at + 1) : Number.POSITIVE_INFINITY
    if (end > header.length) return 'the lengths of the TLVs do not add up'
    if (header[at] === tlvCrc32c && (end - valueAt !== 4 || !checksumMatches(header, valueAt))) return 'wrong checksum'
    at = end
  }
  return undefined
}

/** §2.2.3: over the whole header, with zeros where the checksum is. */
function checksumMatches(header: Buffer, checksumAt: number): boolean {
  const copy = Buffer.from(header)
  copy.fill(0, checksumAt, checksumAt + 4)
  return crc32c(copy) === header.readUInt32BE(checksumAt)
}
