/** Spans of the real SDK, kept in memory: what tests of spans look at without a collector. */
import type { Tracer } from '@opentelemetry/api'
import { tracing } from '@opentelemetry/sdk-node'
import { SpanIdSource } from '../../src/telemetry/otel/span-ids.js'

export class SpanRecorder {
  readonly ids = new SpanIdSource(new tracing.RandomIdGenerator())
  readonly tracer: Tracer
  readonly #exporter = new tracing.InMemorySpanExporter()

  constructor(sampler: tracing.Sampler = new tracing.AlwaysOnSampler()) {
    const provider = new tracing.BasicTracerProvider({
      sampler,
      idGenerator: this.ids,
      spanProcessors: [new tracing.SimpleSpanProcessor(this.#exporter)],
    })
    this.tracer = provider.getTracer('test')
  }

  /** those that have ended, in that order */
  get ended(): tracing.ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }
}
