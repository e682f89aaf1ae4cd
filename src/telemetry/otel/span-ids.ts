/**
 * Ids of traces and spans (W3C Trace Context §3.2.2): random for connections; the trace of a call is named by its
 * Call-ID, so that all its requests, on all gateways, are one trace that whoever knows the Call-ID can find.
 */
import { hash } from 'node:crypto'
import type { tracing } from '@opentelemetry/sdk-node'
import { scramble } from '../../base/hash.js'

const idDigits = 32

/** The first 128 bits of SHA-256 over the Call-ID buf[from, to): `printf %s "$CALL_ID" | sha256sum | cut -c1-32`. */
export function callTraceId(buf: Buffer, from: number, to: number): string {
  return hash('sha256', buf.subarray(from, to), 'hex').slice(0, idDigits)
}

/**
 * The lot of a call, 0 up to 1 and the same everywhere, from the FNV-1a hash of its Call-ID. Not from its trace id, by
 * which OTEL_TRACES_SAMPLER decides: of the half of one and the half of the other a quarter shall be left.
 */
export function callLot(fnv: number): number {
  return (scramble(fnv) >>> 0) / 2 ** 32
}

/** For the SDK, which asks for the id of a trace while a root span is made, and takes no answer from anybody else. */
export class SpanIdSource implements tracing.IdGenerator {
  readonly #random: tracing.IdGenerator
  #traceId: string | undefined

  constructor(random: tracing.IdGenerator) {
    this.#random = random
  }

  /** The root span that `make` starts is of this trace. */
  inTrace<T>(traceId: string, make: () => T): T {
    this.#traceId = traceId
    try {
      return make()
    } finally {
      this.#traceId = undefined
    }
  }

  generateTraceId(): string {
    return this.#traceId ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.#random.generateSpanId()
  }
}
