/** Where traces go: the port that destinations/ implements and trace/ speaks to. */
import type { Endpoint } from '../base/address.js'
import type { Direction, Side, Transport } from '../base/facts.js'
import type { TracedEvent } from './event.js'

/** Where traces go; implemented by destinations/. Both calls encode before they return and keep nothing they were given. */
export interface TraceSinks {
  /** a destination is set */
  readonly configured: boolean
  event(event: TracedEvent): void
  /** one SIP message as it was on the wire: buf[start, end), its Call-ID buf[callIdStart, callIdEnd) */
  sip(
    leg: TracedLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void
}

/** One per traced connection and direction, made once. */
export interface TracedLeg {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly transport: Transport
  readonly connId: string
  /** of the gateway; undefined: it is no party (a capture that is replayed) */
  readonly direction?: Direction | undefined
  readonly side?: Side | undefined
  /** a slot per sink, owned by the sink: prebuilt HEP heads live here */
  readonly heads: (object | undefined)[]
}
