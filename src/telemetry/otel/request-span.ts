/**
 * The span of a SIP request, made when the request is over: nobody needs its id before, and what is known of it until
 * then is small, where spans that wait would be what the garbage collector carries about.
 */
import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { type Cause, causeSentence } from '../../base/errors.js'
import type { ConnectionFacts } from '../../base/facts.js'
import { isRegisteredMethod } from '../../sip/methods.js'
import { linkTo, peerAttributes } from './span-attributes.js'
import type { SpanIdSource } from './span-ids.js'

/** What was seen of a request so far. All times are Unix time in µs. */
export interface RequestSeen {
  readonly traceId: string
  readonly method: string
  readonly callId: string
  /** the connection it came on */
  readonly facts: ConnectionFacts
  readonly startMicros: number
  /** the connection it left by, and when */
  relayed: { readonly facts: ConnectionFacts; readonly micros: number } | undefined
  /** provisional responses that were given back */
  readonly provisional: { readonly status: number; readonly micros: number }[]
}

/** How it ended. */
export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly byUs: boolean }
  /** the connection it came on ended first, for this */
  | { readonly kind: 'closed'; readonly cause: Cause }
  | { readonly kind: 'no-answer' }

interface Failure {
  /** error.type */
  readonly type: string
  readonly message: string
}

export class RequestSpans {
  readonly #tracer: Tracer
  readonly #ids: SpanIdSource

  constructor(tracer: Tracer, ids: SpanIdSource) {
    this.#tracer = tracer
    this.#ids = ids
  }

  add(request: RequestSeen, outcome: Outcome, endMicros: number): void {
    const { traceId, method, facts, startMicros, relayed, provisional } = request
    const failure = failureOf(outcome)
    const options = {
      kind: SpanKind.SERVER,
      root: true,
      startTime: startMicros / 1000,
      attributes: attributesOf(request, outcome, failure),
      links: [facts.span, relayed?.facts.span].flatMap((ids) => (ids === undefined ? [] : linkTo(ids))),
    }
    // A method of the peer's own making is no name for spans: there must not be one for each.
    const name = isRegisteredMethod(method) ? method : 'other'
    const span = this.#ids.inTrace(traceId, () => this.#tracer.startSpan(name, options, ROOT_CONTEXT))
    if (!span.isRecording()) return
    if (relayed !== undefined) span.addEvent('relayed', relayed.micros / 1000)
    for (const { status, micros } of provisional) {
      span.addEvent('provisional response', { 'sip.status_code': status }, micros / 1000)
    }
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message })
    span.end(endMicros / 1000)
  }
}

function attributesOf(
  { method, callId, facts, relayed }: RequestSeen,
  outcome: Outcome,
  failure: Failure | undefined,
): Attributes {
  const isAnswered = outcome.kind === 'answered'
  return Object.assign(peerAttributes(facts), {
    'network.protocol.name': 'sip',
    'sip.method': method,
    'sip.call_id': callId,
    'sip.status_code': isAnswered ? outcome.status : undefined,
    'hepgate.own_answer': isAnswered ? outcome.byUs : undefined,
    'hepgate.relayed_to': relayed?.facts.id,
    'error.type': failure?.type,
  })
}

/** 4xx and 6xx are what the other end thinks of the request. 5xx: a server failed (RFC 3261 §21.5). */
function failureOf(outcome: Outcome): Failure | undefined {
  switch (outcome.kind) {
    case 'no-answer':
      return { type: 'no-answer', message: 'no final response in 3 minutes' }
    case 'closed':
      return { type: outcome.cause, message: `no final response: ${causeSentence(outcome.cause)}` }
    case 'answered': {
      const { status } = outcome
      return status >= 500 && status < 600 ? { type: String(status), message: `answered ${status}` } : undefined
    }
  }
}
