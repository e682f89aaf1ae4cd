/** What a framer makes of bytes, as plain data, and the ways to split them. For the tests of the framer. */
import assert from 'node:assert/strict'
import { type FramerFault, type FramerLimits, SipFramer } from '../../../src/sip/framer.js'

export type Frame = 'ping' | 'crlf' | MessageFrame

export interface MessageFrame {
  /** latin1, byte for byte */
  readonly text: string
  readonly body: string
  readonly callId: string
  readonly isRequest: boolean
}

export interface Framing {
  readonly frames: readonly Frame[]
  readonly fault: FramerFault | undefined
  readonly incomplete: boolean
}

/** Tunnel mode with pings answered, and as many reads as it takes. */
export const anyReads: FramerLimits = {
  maxMessageBytes: 65535,
  maxReads: Number.MAX_SAFE_INTEGER,
  crlfPingpong: true,
  crlfDrop: false,
  passCrlf: true,
}

/** A framer that writes down what it says. */
export class Recorder {
  readonly frames: Frame[] = []
  /** what `onMessage` was given, to see later that nobody wrote to it */
  readonly given: { buf: Buffer; start: number; end: number; text: string }[] = []
  readonly framer: SipFramer

  constructor(limits: Partial<FramerLimits> = {}) {
    this.framer = new SipFramer({ ...anyReads, ...limits }, this)
  }

  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void {
    const { callIdStart, callIdEnd, isRequest } = this.framer
    const text = buf.toString('latin1', start, end)
    this.given.push({ buf, start, end, text })
    this.frames.push({
      text,
      body: buf.toString('latin1', bodyStart, end),
      callId: buf.toString('latin1', callIdStart, callIdEnd),
      isRequest,
    })
  }

  onPing(): void {
    this.frames.push('ping')
  }

  onCrlf(): void {
    this.frames.push('crlf')
  }
}

export function framingOf(pieces: Iterable<Buffer>, limits: Partial<FramerLimits> = {}): Framing {
  const recorder = new Recorder(limits)
  let fault: FramerFault | undefined
  // Each read is a buffer of its own, as from a socket.
  for (const piece of pieces) fault = recorder.framer.push(Buffer.from(piece))
  for (const { buf, start, end, text } of recorder.given) {
    assert.equal(buf.toString('latin1', start, end), text, 'a message was written to after it was handed over')
  }
  return { frames: recorder.frames, fault, incomplete: recorder.framer.incomplete }
}

/** The bytes in one read; and makes sure that byte by byte and at every split it comes to the same. */
export function framingAtEverySplit(stream: string | Buffer, limits: Partial<FramerLimits> = {}): Framing {
  const bytes = typeof stream === 'string' ? Buffer.from(stream, 'latin1') : stream
  const whole = framingOf([bytes], limits)
  assert.deepEqual(framingOf(bytewise(bytes), limits), whole, 'byte by byte')
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(framingOf([bytes.subarray(0, at), bytes.subarray(at)], limits), whole, `split at ${at}`)
  }
  return whole
}

export function* bytewise(bytes: Buffer): Iterable<Buffer> {
  for (const byte of bytes) yield Buffer.of(byte)
}

/** How many bytes it takes until the framer knows; undefined if it never does. */
export function faultAfter(
  stream: string,
  limits: Partial<FramerLimits> = {},
): { bytes: number; fault: FramerFault } | undefined {
  const { framer } = new Recorder(limits)
  let bytes = 0
  for (const byte of bytewise(Buffer.from(stream, 'latin1'))) {
    bytes++
    const fault = framer.push(byte)
    if (fault !== undefined) return { bytes, fault }
  }
  return undefined
}
