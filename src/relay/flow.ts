/**
 * Flow tokens (RFC 5626 §5.2): the user part of our own URIs in Path and Record-Route, which names the one
 * connection that later requests must take. Signed, because whoever could make one up could send to any
 * client. The key outlives the process, so that a token of before a restart is known to be ours and its flow
 * to be gone (430), not taken for a forgery (403).
 *
 *     HMAC-SHA256, 10 bytes │ kind 1 │ conn_id 8 │ our ip 4|16, port 2 │ peer's ip 4|16, port 2    → base64url
 *                           ╰──────────────────────── signed ──────────────────────────╯
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Endpoint } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import type { Transport } from '../base/facts.js'
import { inetBytes, inetText } from '../base/inet.js'

export interface Flow {
  /** the connection; 64-bit number in decimal */
  readonly connId: string
  readonly transport: Transport
  readonly local: Endpoint
  readonly peer: Endpoint
}

/** 80 bits, as RFC 5626 §5.2 has it */
const macLength = 10
const kindAt = macLength
const connIdAt = kindAt + 1
const localAt = connIdAt + 8
/** two IPv6 addresses, in base64url; what is longer is not looked at */
const maxTokenLength = Math.ceil(((localAt + 2 * (16 + 2)) * 4) / 3)

/** The low bits of `kind` name the transport. */
const transports = ['udp', 'tcp', 'tls'] as const satisfies readonly Transport[]
const transportBits = 0x03
const localIsInet6 = 0x04
const peerIsInet6 = 0x08

/** Genuine tokens remembered, at about 400 bytes each. An HMAC costs 3 µs for each request from the core, this 0.1 µs. */
const maxGenuine = 10_000

export class FlowTokens {
  readonly #key: KeyObject
  readonly #genuine = new Map<string, Flow>()

  constructor(secret: string | Buffer) {
    this.#key = createSecretKey(Buffer.from(secret))
  }

  token({ connId, transport, local, peer }: Flow): string {
    const [ownIp, peerIp] = [inetBytes(local.ip), inetBytes(peer.ip)]
    const head = Buffer.alloc(localAt - macLength)
    head[0] =
      transports.indexOf(transport) |
      (ownIp.length === 16 ? localIsInet6 : 0) |
      (peerIp.length === 16 ? peerIsInet6 : 0)
    head.writeBigUInt64BE(BigInt(connId), 1)
    const signed = Buffer.concat([head, ownIp, portBytes(local.port), peerIp, portBytes(peer.port)])
    return Buffer.concat([this.#mac(signed), signed]).toString('base64url')
  }

  /** undefined: this is no token, or we did not make it. Whatever the text is, it throws nothing. */
  read(token: string): Flow | undefined {
    if (token.length > maxTokenLength) return undefined
    return this.#genuine.get(token) ?? this.#verify(token)
  }

  #verify(token: string): Flow | undefined {
    const bytes = Buffer.from(token, 'base64url')
    // Node reads base64 leniently. One flow has one token, in one spelling.
    if (bytes.length <= localAt || bytes.toString('base64url') !== token) return undefined
    if (!timingSafeEqual(this.#mac(bytes.subarray(macLength)), bytes.subarray(0, macLength))) return undefined
    const flow = signedFlow(bytes)
    if (this.#genuine.size >= maxGenuine) this.#genuine.clear()
    this.#genuine.set(token, flow)
    return flow
  }

  #mac(signed: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(signed).digest().subarray(0, macLength)
  }
}

/** Of bytes whose MAC is good: we wrote them, and so they have the right length. */
function signedFlow(bytes: Buffer): Flow {
  const kind = bytes[kindAt]
  const localIpLength = (kind & localIsInet6) === 0 ? 4 : 16
  const peerIpLength = (kind & peerIsInet6) === 0 ? 4 : 16
  const peerAt = localAt + localIpLength + 2
  return {
    connId: bytes.readBigUInt64BE(connIdAt).toString(),
    transport: transports[kind & transportBits] as Transport,
    local: endpointAt(bytes, localAt, localIpLength),
    peer: endpointAt(bytes, peerAt, peerIpLength),
  }
}

function endpointAt(bytes: Buffer, at: number, ipLength: 4 | 16): Endpoint {
  return { ip: inetText(bytes, at, ipLength), port: bytes.readUInt16BE(at + ipLength) }
}

function portBytes(port: number): Buffer {
  return Buffer.of(port >> 8, port & 0xff)
}

const secretLength = 32

/**
 * The key of the flow tokens where the configuration names none: made on the first start, then kept in
 * `stateDir`. Throws a UsageError where it cannot be kept or read.
 */
export function flowSecret(stateDir: string): Buffer {
  const file = join(stateDir, 'flow-secret')
  try {
    const secret = readSecret(file) ?? makeSecret(stateDir, file)
    if (secret.length === secretLength) return secret
  } catch (error) {
    throw new UsageError(
      `the key of the flow tokens cannot be kept in ${file} (${(error as Error).message}): make the directory writable, or set state_dir or relay.flow_secret`,
      { cause: error },
    )
  }
  throw new UsageError(
    `${file} is no key of ours, which has ${secretLength} bytes: remove it, or set relay.flow_secret`,
  )
}

function readSecret(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Written whole under another name, then linked: of several processes that start at once, all read the first one's. */
function makeSecret(stateDir: string, file: string): Buffer {
  const draft = `${file}.${process.pid}`
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(draft, randomBytes(secretLength), { mode: 0o600, flush: true })
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(file)
}
