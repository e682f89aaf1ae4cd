/** ClientHellos built byte by byte (RFC 8446 §4.1.2), well-formed or not, and cut into records as a test wants. */

export interface HelloSpec {
  readonly legacyVersion?: number
  readonly ciphers?: readonly number[]
  /** undefined: no extensions field at all, as before TLS 1.2 */
  readonly extensions?: readonly Buffer[] | undefined
}

export const u8 = (value: number) => Buffer.from([value])
export const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff])

/** `content` behind its length. */
export const vector8 = (...content: Buffer[]) => prefixed(u8, content)
export const vector16 = (...content: Buffer[]) => prefixed(u16, content)

export const extension = (type: number, ...content: Buffer[]) => Buffer.concat([u16(type), vector16(...content)])
export const serverName = (name: string | Buffer) => extension(0, vector16(u8(0), vector16(Buffer.from(name))))
export const alpn = (...names: (string | Buffer)[]) =>
  extension(16, vector16(...names.map((name) => vector8(Buffer.from(name)))))
export const supportedVersions = (...versions: number[]) => extension(43, vector8(...versions.map(u16)))
export const signatureAlgorithms = (...schemes: number[]) => extension(13, vector16(...schemes.map(u16)))

/** The handshake message, without a record around it. */
export function clientHello(spec: HelloSpec = {}): Buffer {
  const { legacyVersion = 0x0303, ciphers = [0x1301], extensions } = spec
  return handshake(
    1,
    u16(legacyVersion),
    Buffer.alloc(32, 0xaa), // random
    vector8(Buffer.alloc(32, 0xbb)), // legacy_session_id
    vector16(...ciphers.map(u16)),
    vector8(u8(0)), // legacy_compression_methods
    ...(extensions === undefined ? [] : [vector16(...extensions)]),
  )
}

export function handshake(type: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([u8(type), u8(body.length >> 16), u16(body.length & 0xffff), body])
}

export function record(fragment: Buffer, type = 0x16, version = 0x0301): Buffer {
  return Buffer.concat([u8(type), u16(version), vector16(fragment)])
}

/** The message in records of at most `bytesPerRecord`. */
export function records(message: Buffer, bytesPerRecord: number): Buffer {
  const list: Buffer[] = []
  for (let at = 0; at < message.length; at += bytesPerRecord) {
    list.push(record(message.subarray(at, at + bytesPerRecord)))
  }
  return Buffer.concat(list)
}

function prefixed(length: (value: number) => Buffer, content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([length(body.length), body])
}
