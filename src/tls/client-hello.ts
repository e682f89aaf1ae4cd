/**
 * Reads the ClientHello (RFC 8446 §4.1.2) from the first bytes of a stream, before the handshake:
 * SNI, ALPN, versions, JA4. It takes the bytes in any pieces and any number of records (a post-quantum
 * key share does not fit one packet, and some clients split the hello on purpose), and gives all of
 * them back untouched. It never answers, never throws, and does work linear in the bytes it is given.
 */
import { type Failure, failure } from '../base/errors.js'
import type { HelloFacts } from '../base/facts.js'
import { CollectedBytes } from './collected-bytes.js'
import { type HelloFields, ja4, offeredVersions } from './ja4.js'

/** Of the stream up to the end of the hello. Real ones stay below 4 kB, post-quantum key shares and tickets included. */
export const maxHelloBytes = 16 * 1024

const recordHeaderBytes = 5
const handshakeHeaderBytes = 4

/** RFC 8446 §5.1, RFC 6520 §3 */
const contentTypes = { changeCipherSpec: 0x14, handshake: 0x16, heartbeat: 0x18 } as const
const clientHelloType = 0x01
const randomBytes = 32
const extensionTypes = {
  serverName: 0x0000,
  signatureAlgorithms: 0x000d,
  alpn: 0x0010,
  supportedVersions: 0x002b,
} as const

export class HelloReader {
  readonly #stream = new CollectedBytes()
  /** where the next record begins */
  #recordAt = 0
  /** the handshake message: the records without their headers */
  readonly #hello = new CollectedBytes()
  #result: HelloFacts | Failure | undefined

  /**
   * The hello, why there will be none, or `more`. The answer does not depend on how the bytes are cut up. The
   * chunk is kept, not copied: it must stay as it is.
   */
  push(chunk: Buffer): HelloFacts | Failure | 'more' {
    this.#stream.append(chunk)
    if (this.#result) return this.#result
    const bytes = this.#stream.bytes
    const result = checkStart(bytes) ?? this.#readRecords(bytes)
    if (result !== 'more') this.#result = result
    return result
  }

  /** All bytes pushed so far, to be put back in front of the stream. */
  taken(): Buffer {
    return this.#stream.bytes
  }

  #readRecords(bytes: Buffer): HelloFacts | Failure | 'more' {
    while (bytes.length >= this.#recordAt + recordHeaderBytes) {
      const type = bytes[this.#recordAt]
      if (type !== contentTypes.handshake) return broken(`a record of type ${type} inside the ClientHello`)
      const length = bytes.readUInt16BE(this.#recordAt + 3)
      // RFC 8446 §5.1: no empty handshake fragments
      if (length === 0) return broken('an empty record inside the ClientHello')
      const start = this.#recordAt + recordHeaderBytes
      const end = start + length
      if (end > maxHelloBytes) return tooLarge
      if (bytes.length < end) return 'more'
      this.#recordAt = end
      const result = this.#takeFragment(bytes.subarray(start, end))
      if (result !== 'more') return result
    }
    return 'more'
  }

  #takeFragment(fragment: Buffer): HelloFacts | Failure | 'more' {
    this.#hello.append(fragment)
    const hello = this.#hello.bytes
    if (hello[0] !== clientHelloType) return broken(`the first handshake message is of type ${hello[0]}`)
    if (hello.length < handshakeHeaderBytes) return 'more'
    const end = handshakeHeaderBytes + hello.readUIntBE(1, 3)
    if (end > maxHelloBytes) return tooLarge
    if (hello.length < end) return 'more'
    const fields = readFields(hello.subarray(handshakeHeaderBytes, end))
    return typeof fields === 'string' ? broken(fields) : helloFacts(fields)
  }
}

const tooLarge = broken(`the ClientHello takes more than ${maxHelloBytes} bytes`)

function broken(what: string): Failure {
  return failure('tls-protocol-error', `the peer broke the TLS protocol: ${what}`)
}

/** What the first bytes of the stream say before any record is whole; undefined: they may begin a TLS stream. */
function checkStart(bytes: Buffer): Failure | 'more' | undefined {
  if (bytes.length === 0) return 'more'
  const first = bytes[0]!
  if (first < contentTypes.changeCipherSpec || first > contentTypes.heartbeat) return checkClearText(bytes)
  if (bytes.length < 2) return 'more'
  // the record version is 0x03xx from SSL 3.0 to TLS 1.3
  if (bytes[1] !== 0x03) return failure('not-tls')
  return first === contentTypes.handshake ? undefined : broken(`the first record is of type ${first}`)
}

/** OPTIONS is a method of SIP too: what follows tells them apart. PRI is the preface of HTTP/2. */
const httpStarts = ['GET ', 'HEAD ', 'POST ', 'PUT ', 'DELETE ', 'CONNECT ', 'TRACE ', 'PATCH ', 'PRI ']
  .concat(['OPTIONS /', 'OPTIONS *', 'OPTIONS http'])
  .map((start) => Buffer.from(start))

function checkClearText(bytes: Buffer): Failure | 'more' {
  for (const start of httpStarts) {
    const length = Math.min(start.length, bytes.length)
    if (start.compare(bytes, 0, length, 0, length) !== 0) continue
    return length === start.length ? failure('http-on-sip-port') : 'more'
  }
  return failure('not-tls')
}

/** The fields of a ClientHello body, or what is wrong with it. */
function readFields(body: Buffer): HelloFields | string {
  const hello = new FieldReader(body)
  const legacyVersion = hello.number(2)
  hello.skip(randomBytes)
  hello.vector(1) // legacy_session_id
  const ciphers = numbers(hello.vector(2))
  hello.vector(1) // legacy_compression_methods
  // before TLS 1.3 the extensions may be absent altogether
  const extensions = new FieldReader(hello.left > 0 ? hello.vector(2) : empty)
  if (hello.overrun || hello.left > 0) return 'the lengths in the ClientHello do not add up'
  if (ciphers === undefined) return 'half a cipher suite'

  const types: number[] = []
  const seen = new Map<number, Buffer>()
  while (extensions.left > 0) {
    const type = extensions.number(2)
    const value = extensions.vector(2)
    if (extensions.overrun) return 'the lengths of the extensions do not add up'
    // RFC 8446 §4.2
    if (seen.has(type)) return `extension ${type} comes twice`
    seen.set(type, value)
    types.push(type)
  }

  const sni = readServerName(seen.get(extensionTypes.serverName))
  if (sni === false) return 'the server name is not a host name'
  const alpn = readAlpn(seen.get(extensionTypes.alpn))
  if (alpn === false) return 'the list of ALPN names is broken'
  const supportedVersions = readNumberList(seen.get(extensionTypes.supportedVersions), 1)
  if (supportedVersions === false) return 'the list of supported versions is broken'
  const signatureAlgorithms = readNumberList(seen.get(extensionTypes.signatureAlgorithms), 2)
  if (signatureAlgorithms === false) return 'the list of signature algorithms is broken'
  return {
    legacyVersion,
    ciphers,
    extensions: Uint16Array.from(types),
    sni,
    alpn: alpn ?? [],
    supportedVersions,
    signatureAlgorithms: signatureAlgorithms ?? noNumbers,
  }
}

/** RFC 6066 §3: a list of one name of each type, and host_name (0), in ASCII, is the only type there is. */
function readServerName(value: Buffer | undefined): string | undefined | false {
  if (value === undefined) return undefined
  const extension = new FieldReader(value)
  const list = new FieldReader(extension.vector(2))
  const type = list.number(1)
  const name = list.vector(2)
  if (extension.overrun || extension.left > 0 || list.overrun || list.left > 0 || type !== 0) return false
  // Names go into events and logs: no control characters, no bytes that are no text.
  return name.length > 0 && name.length <= 255 && name.every(isPrintable) ? name.toString('latin1') : false
}

/** RFC 7301 §3.1 */
function readAlpn(value: Buffer | undefined): Buffer[] | undefined | false {
  if (value === undefined) return undefined
  const extension = new FieldReader(value)
  const list = new FieldReader(extension.vector(2))
  const names: Buffer[] = []
  while (list.left > 0) names.push(list.vector(1))
  return extension.overrun || extension.left > 0 || list.overrun ? false : names
}

/** An extension that is one vector of 16-bit numbers. */
function readNumberList(value: Buffer | undefined, lengthBytes: 1 | 2): Uint16Array | undefined | false {
  if (value === undefined) return undefined
  const extension = new FieldReader(value)
  const list = numbers(extension.vector(lengthBytes))
  return extension.overrun || extension.left > 0 ? false : (list ?? false)
}

/** undefined: an odd number of bytes. */
function numbers(bytes: Buffer): Uint16Array | undefined {
  if (bytes.length % 2 !== 0) return undefined
  const list = new Uint16Array(bytes.length / 2)
  for (let index = 0; index < list.length; index++) list[index] = bytes.readUInt16BE(index * 2)
  return list
}

const noNumbers = new Uint16Array()
const empty = Buffer.alloc(0)

/** Numbers and length-prefixed vectors in order. Past the end it reads zeros and nothing, and `overrun` says so. */
class FieldReader {
  overrun = false
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  number(size: 1 | 2): number {
    return this.#take(size) ? this.#bytes.readUIntBE(this.#at - size, size) : 0
  }

  vector(lengthBytes: 1 | 2): Buffer {
    const length = this.number(lengthBytes)
    return this.#take(length) ? this.#bytes.subarray(this.#at - length, this.#at) : empty
  }

  skip(count: number): void {
    this.#take(count)
  }

  /** Also at the end of a failure, `left` is 0: no loop over a broken list goes on. */
  #take(count: number): boolean {
    if (count > this.left) {
      this.overrun = true
      this.#at = this.#bytes.length
      return false
    }
    this.#at += count
    return true
  }
}

function helloFacts(fields: HelloFields): HelloFacts {
  return {
    sni: fields.sni,
    alpn: fields.alpn.map(alpnText),
    versions: Array.from(offeredVersions(fields), versionText),
    ja4: ja4(fields),
  }
}

const versionNames: Readonly<Record<number, string>> = {
  772: 'TLSv1.3',
  771: 'TLSv1.2',
  770: 'TLSv1.1',
  769: 'TLSv1',
  768: 'SSLv3',
}

function versionText(version: number): string {
  return versionNames[version] ?? `0x${version.toString(16).padStart(4, '0')}`
}

/** ALPN names are bytes; those that are not plain text are shown in hex. */
function alpnText(name: Buffer): string {
  return name.every(isPrintable) ? name.toString('latin1') : `0x${name.toString('hex')}`
}

function isPrintable(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f
}
