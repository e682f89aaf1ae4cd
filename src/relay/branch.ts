/**
 * The branch of our own Via. The gateway keeps no transactions: a branch holds what they would have to
 * remember, the leg to answer on, and proves that we wrote it.
 *
 *     z9hG4bKhg 7302486319104 . 5f0c1b9ae27d4436 . c3a8810f4d2e9b57
 *               conn_id of the  hash of the        MAC over both and over the
 *               request's leg   transaction        side the request was sent to
 *
 * The side is in the MAC because whoever is sent a request reads the branches below his own: a peer at the
 * edge sees those that went to the core, and could otherwise answer in place of the core.
 */
import { randomBytes } from 'node:crypto'
import type { Side } from '../base/facts.js'
import { SipHash } from '../base/siphash.js'
import type { SipMessage } from '../sip/message.js'
import type { Via } from '../sip/via.js'

/** RFC 3261 §8.1.1.7: the magic cookie, then our mark. */
const prefix = 'z9hG4bKhg'
const prefixBytes = Buffer.from(prefix)

const hashLength = 16
/** of a 64-bit number in decimal */
const maxConnIdLength = 20
const DOT = 0x2e

/** Between the parts of an input, so that the same bytes divided differently are another input. */
const divider = '\0'

export class Branches {
  readonly #hash: SipHash

  /** The key has 16 bytes. After a restart nobody waits for an answer on an old connection: it need not be kept. */
  constructor(key: Buffer = randomBytes(16)) {
    this.#hash = new SipHash(key)
  }

  /** Of a request that came on leg `connId` with `via` as its topmost, and is sent `towards` a side. */
  make(connId: string, towards: Side, message: SipMessage, via: Via): string {
    const signed = `${connId}.${this.#transaction(message, via)}`
    this.#beginMac(towards)
    this.#hash.updateText(signed)
    return `${prefix}${signed}.${this.#hash.digest()}`
  }

  /**
   * The leg that the request of this branch came on. undefined: the branch is not of our making, or was
   * made for a request that was not sent to the side this response `cameFrom`.
   */
  source(buf: Buffer, from: number, to: number, cameFrom: Side): string | undefined {
    const macStart = to - hashLength
    const hashStart = macStart - 1 - hashLength
    const connIdStart = from + prefixBytes.length
    const connIdEnd = hashStart - 1
    const connIdLength = connIdEnd - connIdStart
    if (connIdLength < 1 || connIdLength > maxConnIdLength) return undefined
    if (prefixBytes.compare(buf, from, connIdStart) !== 0) return undefined
    if (buf[connIdEnd] !== DOT || buf[macStart - 1] !== DOT) return undefined
    this.#beginMac(cameFrom)
    this.#hash.update(buf, connIdStart, macStart - 1)
    return this.#hash.matches(buf, macStart) ? buf.toString('latin1', connIdStart, connIdEnd) : undefined
  }

  /**
   * RFC 3261 §16.11: equal for a request, its retransmissions, its CANCEL and the ACK of its failure. So
   * neither the method of CSeq is in it nor the To tag, which that ACK has and its INVITE had not.
   */
  #transaction(message: SipMessage, via: Via): string {
    const hash = this.#hash
    const { buf } = message
    hash.reset()
    if (via.hasRfc3261Branch) {
      hash.updateText('branch')
      hash.updateLowerCase(buf, via.branchStart, via.branchEnd)
      hash.updateText(divider)
      hash.updateLowerCase(buf, via.hostStart, via.hostEnd)
      hash.updateText(divider)
      hash.updateText(String(via.port))
      return hash.digest()
    }
    // What RFC 3261 §17.2.3 tells the transactions of RFC 2543 peers apart by.
    hash.updateText('rfc2543')
    this.#part(buf, message.uriStart, message.uriEnd)
    this.#part(buf, message.fromTagStart, message.fromTagEnd)
    this.#part(buf, message.callIdStart, message.callIdEnd)
    this.#part(buf, message.cseqNumberStart, message.cseqNumberEnd)
    this.#part(buf, via.hostStart, via.end)
    return hash.digest()
  }

  /** A name of a side begins no input of #transaction: one key serves both. */
  #beginMac(side: Side): void {
    this.#hash.reset()
    this.#hash.updateText(side)
    this.#hash.updateText(divider)
  }

  #part(buf: Buffer, start: number, end: number): void {
    this.#hash.updateText(divider)
    this.#hash.update(buf, start, end)
  }
}
