/**
 * Spans of connections: one of the TLS handshake, and for a connection of ours one of the whole connect above it. A
 * connection is a trace; whether it is kept is the sampler's to say. The ids of a span that is kept are noted
 * on the connection, from where events and log lines have them: so this must hear of a connection before they do.
 *
 *     accepted    tls.handshake                         from the accept on
 *     initiated   connect ─▶ tls.handshake              CONNECT_START ─▶ CONNECTED
 */
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { type MicroClock, microClock } from '../../base/clock.js'
import { causeSentence } from '../../base/errors.js'
import type { ConnectionEvent, ConnectionFacts } from '../../base/facts.js'
import { isHandshake } from '../../base/handshakes.js'
import { networkAttributes, tlsAttributes } from './span-attributes.js'

export class ConnectionSpans {
  readonly #tracer: Tracer
  readonly #clock: MicroClock
  readonly #connects = new WeakMap<ConnectionFacts, Span>()

  constructor(tracer: Tracer, clock: MicroClock = microClock()) {
    this.#tracer = tracer
    this.#clock = clock
  }

  see(event: ConnectionEvent): void {
    switch (event.name) {
      case 'ACCEPTED':
        if (isHandshake(event)) this.#accepted(event)
        return
      case 'CONNECT_START':
        // UDP connects to nobody.
        if (event.facts.transport !== 'udp') this.#connecting(event.facts)
        return
      case 'CONNECTED':
      case 'CLOSED':
        this.#connected(event)
        return
      case 'ERROR':
      case 'STATS':
        return
    }
  }

  #accepted(event: ConnectionEvent): void {
    const { facts } = event
    const startTime = facts.openedMicros / 1000
    const span = this.#tracer.startSpan(
      'tls.handshake',
      { kind: SpanKind.SERVER, root: true, startTime, attributes: networkAttributes(facts) },
      ROOT_CONTEXT,
    )
    this.#endHandshake(span, event, this.#endMs(facts))
  }

  #connecting(facts: ConnectionFacts): void {
    const span = this.#tracer.startSpan(
      'connect',
      {
        kind: SpanKind.CLIENT,
        root: true,
        startTime: facts.openedMicros / 1000,
        attributes: networkAttributes(facts),
      },
      ROOT_CONTEXT,
    )
    if (!span.isRecording()) return
    this.#connects.set(facts, span)
    note(facts, span)
  }

  /** A connection that closes while it connects was not connected; nothing is left to end of any other. */
  #connected(event: ConnectionEvent): void {
    const { facts } = event
    const connect = this.#connects.get(facts)
    if (connect === undefined) return
    this.#connects.delete(facts)
    const endMs = this.#endMs(facts)
    if (isHandshake(event)) this.#initiated(event, connect, endMs)
    connect.setAttributes(networkAttributes(facts))
    setResult(connect, event)
    connect.end(endMs)
  }

  #initiated(event: ConnectionEvent, connect: Span, endMs: number): void {
    const { facts } = event
    const startTime = facts.openedMicros / 1000 + (facts.connectMs ?? 0)
    const span = this.#tracer.startSpan(
      'tls.handshake',
      { kind: SpanKind.CLIENT, startTime, attributes: networkAttributes(facts) },
      trace.setSpan(ROOT_CONTEXT, connect),
    )
    this.#endHandshake(span, event, endMs)
  }

  /** Of the handshake, Unix ms; one that was broken off ends now. */
  #endMs({ openedMicros, handshakeMs }: ConnectionFacts): number {
    return (handshakeMs === undefined ? this.#clock() : openedMicros + handshakeMs * 1000) / 1000
  }

  #endHandshake(span: Span, event: ConnectionEvent, endMs: number): void {
    if (!span.isRecording()) return
    note(event.facts, span)
    span.setAttributes(tlsAttributes(event.facts))
    span.setAttribute('tls.established', event.name !== 'CLOSED' && event.status === 'SUCCESS')
    setResult(span, event)
    span.end(endMs)
  }
}

function note(facts: ConnectionFacts, span: Span): void {
  const { traceId, spanId } = span.spanContext()
  facts.span = { traceId, spanId }
}

function setResult(span: Span, { name, status, cause }: ConnectionEvent): void {
  if (status === 'SUCCESS' && name !== 'CLOSED') return
  // The sentence of the table: that of the event may hold what the peer said.
  const message = cause === undefined ? 'it failed' : causeSentence(cause)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  span.setAttribute('error.type', cause ?? '_OTHER')
}
