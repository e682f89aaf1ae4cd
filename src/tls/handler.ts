/** What a connection tells whoever relays its messages. */

/** What the relay does with a connection. All calls are synchronous; none comes after `onClosed`. */
export interface ConnectionHandler {
  /** outgoing only: handshake over, what was queued is on its way */
  onConnected(): void
  /** one SIP message: buf[start, end), body from bodyStart; the bytes stay as they are */
  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void
  /** a single CRLF between messages that is to be passed on */
  onCrlf(): void
  /** all messages of this read were handed over */
  onReadEnd(): void
  /** the peer sends nothing more, but may still read */
  onPeerEnd(): void
  /** what was written waits for the peer: whoever feeds this connection should stop */
  onBlocked(): void
  /** after `onBlocked`: there is room again */
  onDrain(): void
  onClosed(): void
}
