/**
 * Which transaction a SIP message is of, as a number: of its Call-ID, its CSeq and the branch of a Via (RFC 3261 §17.1.3).
 * Call-ID and CSeq as well, because peers of RFC 2543 have no branch and some have always the same. Two of 10 000 that
 * are under way have the same number once in 100 million times. It keeps nothing of a message.
 */
import type { MessageSeen } from '../../base/channels.js'
import { hashOfBytes, scramble } from '../../base/hash.js'
import { findHeader, type HeaderPlace, headerNames, headersStart } from '../../sip/headers.js'
import { behindComma, digitsEnd, skipWhite, tokenEnd } from '../../sip/values.js'
import { Via } from '../../sip/via.js'

const emptyLine = '\r\n\r\n'
/** of the 53 that a number has, beside the 32 of one hash */
const otherBits = 21

/** Reads one message at a time: `topmost`, then if need be `below`. */
export class Transactions {
  readonly #via = new Via()
  #head: { readonly buf: Buffer; readonly end: number } = { buf: Buffer.alloc(0), end: 0 }
  #line: HeaderPlace | undefined
  #callId = 0
  #cseq = 0

  /** By the topmost Via. undefined: what it takes is not there. `hash`: FNV-1a of its Call-ID. */
  topmost({ buf, start, end }: MessageSeen, hash: number): number | undefined {
    const headEnd = buf.indexOf(emptyLine, start) + 2
    // Behind this message.
    if (headEnd < 2 || headEnd > end) return undefined
    const first = headersStart(buf, start, headEnd)
    const cseq = findHeader(buf, first, headEnd, headerNames.cseq)
    if (cseq === undefined) return undefined
    this.#head = { buf, end: headEnd }
    this.#callId = hash
    this.#cseq = cseqHash(buf, cseq)
    return this.#atLine(first)
  }

  /** By the Via below that one. */
  below(): number | undefined {
    const { buf } = this.#head
    const line = this.#line
    if (line === undefined) return undefined
    return this.#via.hasMore
      ? this.#at(behindComma(buf, this.#via.end, line.valueEnd), line.valueEnd)
      : this.#atLine(line.next)
  }

  /** By the first value of the next Via line from `from` on. */
  #atLine(from: number): number | undefined {
    const { buf, end } = this.#head
    const line = findHeader(buf, from, end, headerNames.via)
    this.#line = line
    return line && this.#at(line.valueStart, line.valueEnd)
  }

  #at(from: number, to: number): number | undefined {
    const { buf } = this.#head
    const via = this.#via
    if (!via.read(buf, from, to)) return undefined
    const branch = hashOfBytes(buf, via.branchStart, via.branchEnd)
    // Two mixtures, for which odd factors lose no bit: either alone would be too short.
    const all = scramble(this.#callId ^ Math.imul(branch, 31) ^ Math.imul(this.#cseq, 17))
    const other = scramble(branch ^ this.#cseq)
    return (all >>> 0) * 2 ** otherBits + (other >>> (32 - otherBits))
  }
}

/** Number and method, however much white space is between them. */
function cseqHash(buf: Buffer, { valueStart, valueEnd }: HeaderPlace): number {
  const numberEnd = digitsEnd(buf, valueStart, valueEnd)
  const method = skipWhite(buf, numberEnd, valueEnd)
  return hashOfBytes(buf, valueStart, numberEnd) ^ hashOfBytes(buf, method, tokenEnd(buf, method, valueEnd))
}
