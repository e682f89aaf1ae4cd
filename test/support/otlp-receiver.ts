/**
 * A collector of OpenTelemetry that keeps what it is sent: OTLP over HTTP (protobuf) and over gRPC, decoded by the
 * field numbers of opentelemetry-proto 1.x, which are written down here and not taken from the SDK under test.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'
import { listening } from './listening.js'
import type { Scope } from './scope.js'
import { until } from './wait.js'

export type Attributes = Readonly<Record<string, unknown>>

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** empty: a root */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT'
  /** Unix ns */
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Attributes
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: 'UNSET' | 'OK' | 'ERROR'
}

export interface ReceivedPoint {
  readonly attributes: Attributes
  readonly start: bigint
  readonly time: bigint
  readonly value: number
  readonly counts: readonly number[]
  readonly bounds: readonly number[]
}

export interface ReceivedMetric {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly type: 'gauge' | 'sum' | 'histogram'
  readonly monotonic: boolean
  /** AGGREGATION_TEMPORALITY_CUMULATIVE; undefined for gauges */
  readonly cumulative: boolean | undefined
  readonly points: readonly ReceivedPoint[]
}

export interface ReceivedLog {
  readonly time: bigint
  readonly severity: number
  readonly severityText: string
  readonly body: unknown
  readonly attributes: Attributes
  readonly traceId: string
  readonly spanId: string
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  readonly logs: ReceivedLog[] = []
  /** as last exported, by name */
  readonly metrics = new Map<string, ReceivedMetric>()
  /** attributes of the resource, as last exported */
  resource: Attributes = {}
  /** scope names seen */
  readonly scopes = new Set<string>()
  /** what exports over HTTP are answered with; 0: not at all */
  status = 200

  private constructor(
    readonly port: number,
    readonly endpoint: string,
  ) {}

  /** OTLP over HTTP. */
  static async http(scope: Scope): Promise<OtlpReceiver> {
    const server = createServer(async (request, response) => {
      const body = await bodyOf(request)
      const { status } = receiver
      if (status === 200) receiver.take(request.url ?? '', body)
      if (status !== 0) response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end()
    })
    const port = await listening(scope, server)
    const receiver = new OtlpReceiver(port, `http://127.0.0.1:${port}`)
    return receiver
  }

  /** OTLP over gRPC: a length-prefixed message each way over HTTP/2 without TLS. */
  static async grpc(scope: Scope): Promise<OtlpReceiver> {
    const server = createHttp2Server()
    server.on('stream', (stream, headers) => void answerGrpc(receiver, stream, headers))
    server.on('session', (session) => scope.after(() => session.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    scope.after(() => void server.close())
    const { port } = server.address() as AddressInfo
    const receiver = new OtlpReceiver(port, `http://127.0.0.1:${port}`)
    return receiver
  }

  /** The first span that is so, waited for. */
  span(what: string, probe: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    return until(what, () => this.spans.find(probe))
  }

  log(what: string, probe: (log: ReceivedLog) => boolean): Promise<ReceivedLog> {
    return until(what, () => this.logs.find(probe))
  }

  /** One export, told apart by the path of its URL or its gRPC method. */
  take(path: string, body: Buffer): void {
    if (/\/v1\/traces|\.TraceService/.test(path)) this.#takeSpans(decoded('TracesData', body))
    else if (/\/v1\/metrics|\.MetricsService/.test(path)) this.#takeMetrics(decoded('MetricsData', body))
    else if (/\/v1\/logs|\.LogsService/.test(path)) this.#takeLogs(decoded('LogsData', body))
    else throw new Error(`no OTLP path: ${path}`)
  }

  #takeSpans(data: Message): void {
    for (const span of this.#items(data, 'resourceSpans', 'scopeSpans', 'spans')) {
      this.spans.push({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        name: span.name as string,
        kind: (['INTERNAL', 'INTERNAL', 'SERVER', 'CLIENT'] as const)[span.kind as number]!,
        start: BigInt(span.startTimeUnixNano as string),
        end: BigInt(span.endTimeUnixNano as string),
        attributes: attributesOf(span),
        events: list(span, 'events').map((event) => ({ name: event.name as string, attributes: attributesOf(event) })),
        links: list(span, 'links').map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        status: (['UNSET', 'OK', 'ERROR'] as const)[
          ((span.status as Message | undefined)?.code as number | undefined) ?? 0
        ]!,
      })
    }
  }

  #takeMetrics(data: Message): void {
    for (const metric of this.#items(data, 'resourceMetrics', 'scopeMetrics', 'metrics')) {
      const type = (['gauge', 'sum', 'histogram'] as const).find((name) => metric[name] !== undefined)!
      const of = metric[type] as Message
      this.metrics.set(metric.name as string, {
        name: metric.name as string,
        unit: metric.unit as string,
        description: metric.description as string,
        type,
        monotonic: of.isMonotonic === true,
        cumulative: type === 'gauge' ? undefined : of.aggregationTemporality === 2,
        points: list(of, 'dataPoints').map(pointOf),
      })
    }
  }

  #takeLogs(data: Message): void {
    for (const log of this.#items(data, 'resourceLogs', 'scopeLogs', 'logRecords')) {
      this.logs.push({
        time: BigInt(log.timeUnixNano as string),
        severity: log.severityNumber as number,
        severityText: log.severityText as string,
        body: anyValue(log.body as Message | undefined),
        attributes: attributesOf(log),
        traceId: hex(log.traceId),
        spanId: hex(log.spanId),
      })
    }
  }

  #items(data: Message, ofResource: string, ofScope: string, items: string): Message[] {
    return list(data, ofResource).flatMap((resource) => {
      this.resource = attributesOf(resource.resource as Message)
      return list(resource, ofScope).flatMap((scope) => {
        this.scopes.add((scope.scope as Message).name as string)
        return list(scope, items)
      })
    })
  }
}

/** For a gateway that this process starts: export everything there, soon. `variables` go before. */
export function exportTo(endpoint: string, variables: Readonly<Record<string, string>> = {}): void {
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_BLRP_SCHEDULE_DELAY: '100',
    OTEL_METRIC_EXPORT_INTERVAL: '300',
    ...variables,
  })
}

type Message = { readonly [field: string]: unknown }

/** `name: [type, number]`; a type in brackets is repeated. */
type Fields = Readonly<Record<string, readonly [type: string, id: number]>>

const messages: Readonly<Record<string, Fields>> = {
  // common/v1/common.proto
  AnyValue: {
    stringValue: ['string', 1],
    boolValue: ['bool', 2],
    intValue: ['int64', 3],
    doubleValue: ['double', 4],
    arrayValue: ['ArrayValue', 5],
    kvlistValue: ['KeyValueList', 6],
    bytesValue: ['bytes', 7],
  },
  ArrayValue: { values: ['[AnyValue]', 1] },
  KeyValueList: { values: ['[KeyValue]', 1] },
  KeyValue: { key: ['string', 1], value: ['AnyValue', 2] },
  InstrumentationScope: { name: ['string', 1], version: ['string', 2] },
  // resource/v1/resource.proto
  Resource: { attributes: ['[KeyValue]', 1] },
  // trace/v1/trace.proto
  TracesData: { resourceSpans: ['[ResourceSpans]', 1] },
  ResourceSpans: { resource: ['Resource', 1], scopeSpans: ['[ScopeSpans]', 2] },
  ScopeSpans: { scope: ['InstrumentationScope', 1], spans: ['[Span]', 2] },
  Span: {
    traceId: ['bytes', 1],
    spanId: ['bytes', 2],
    parentSpanId: ['bytes', 4],
    name: ['string', 5],
    kind: ['int32', 6],
    startTimeUnixNano: ['fixed64', 7],
    endTimeUnixNano: ['fixed64', 8],
    attributes: ['[KeyValue]', 9],
    events: ['[SpanEvent]', 11],
    links: ['[SpanLink]', 13],
    status: ['Status', 15],
  },
  SpanEvent: { timeUnixNano: ['fixed64', 1], name: ['string', 2], attributes: ['[KeyValue]', 3] },
  SpanLink: { traceId: ['bytes', 1], spanId: ['bytes', 2] },
  Status: { message: ['string', 2], code: ['int32', 3] },
  // metrics/v1/metrics.proto
  MetricsData: { resourceMetrics: ['[ResourceMetrics]', 1] },
  ResourceMetrics: { resource: ['Resource', 1], scopeMetrics: ['[ScopeMetrics]', 2] },
  ScopeMetrics: { scope: ['InstrumentationScope', 1], metrics: ['[Metric]', 2] },
  Metric: {
    name: ['string', 1],
    description: ['string', 2],
    unit: ['string', 3],
    gauge: ['Gauge', 5],
    sum: ['Sum', 7],
    histogram: ['Histogram', 9],
  },
  Gauge: { dataPoints: ['[NumberDataPoint]', 1] },
  Sum: { dataPoints: ['[NumberDataPoint]', 1], aggregationTemporality: ['int32', 2], isMonotonic: ['bool', 3] },
  Histogram: { dataPoints: ['[HistogramDataPoint]', 1], aggregationTemporality: ['int32', 2] },
  NumberDataPoint: {
    startTimeUnixNano: ['fixed64', 2],
    timeUnixNano: ['fixed64', 3],
    asDouble: ['double', 4],
    asInt: ['sfixed64', 6],
    attributes: ['[KeyValue]', 7],
  },
  HistogramDataPoint: {
    startTimeUnixNano: ['fixed64', 2],
    timeUnixNano: ['fixed64', 3],
    count: ['fixed64', 4],
    sum: ['double', 5],
    bucketCounts: ['[fixed64]', 6],
    explicitBounds: ['[double]', 7],
    attributes: ['[KeyValue]', 9],
  },
  // logs/v1/logs.proto
  LogsData: { resourceLogs: ['[ResourceLogs]', 1] },
  ResourceLogs: { resource: ['Resource', 1], scopeLogs: ['[ScopeLogs]', 2] },
  ScopeLogs: { scope: ['InstrumentationScope', 1], logRecords: ['[LogRecord]', 2] },
  LogRecord: {
    timeUnixNano: ['fixed64', 1],
    severityNumber: ['int32', 2],
    severityText: ['string', 3],
    body: ['AnyValue', 5],
    attributes: ['[KeyValue]', 6],
    traceId: ['bytes', 9],
    spanId: ['bytes', 10],
  },
}

/** Of these fields one is sent, also when it is false or 0. */
const oneofs: Readonly<Record<string, readonly string[]>> = {
  AnyValue: Object.keys(messages.AnyValue!),
  NumberDataPoint: ['asDouble', 'asInt'],
}

const schema = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      {
        ...(oneofs[name] && { oneofs: { value: { oneof: [...oneofs[name]] } } }),
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, [type, id]]) => [
            field,
            type.startsWith('[') ? { rule: 'repeated', type: type.slice(1, -1), id } : { type, id },
          ]),
        ),
      },
    ]),
  ),
})

/** What was not sent is undefined, or an empty list; 64-bit integers are decimal text. */
function decoded(name: string, body: Buffer): Message {
  const type = schema.lookupType(name)
  return type.toObject(type.decode(body), { longs: String, arrays: true }) as Message
}

function list(message: Message, field: string): Message[] {
  return message[field] as Message[]
}

function hex(bytes: unknown): string {
  return Buffer.from((bytes ?? []) as Uint8Array).toString('hex')
}

function attributesOf(message: Message): Attributes {
  return Object.fromEntries(
    list(message, 'attributes').map(({ key, value }) => [key as string, anyValue(value as Message | undefined)]),
  )
}

function anyValue(value: Message | undefined): unknown {
  if (value?.arrayValue !== undefined) return list(value.arrayValue as Message, 'values').map(anyValue)
  if (value?.kvlistValue !== undefined) return attributesOf({ attributes: (value.kvlistValue as Message).values })
  if (value?.intValue !== undefined) return Number(value.intValue)
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? value?.bytesValue
}

function pointOf(point: Message): ReceivedPoint {
  return {
    attributes: attributesOf(point),
    start: BigInt(point.startTimeUnixNano as string),
    time: BigInt(point.timeUnixNano as string),
    value: Number(point.count ?? point.asDouble ?? point.asInt),
    counts: ((point.bucketCounts ?? []) as string[]).map(Number),
    bounds: (point.explicitBounds ?? []) as number[],
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

/** 0: not compressed; then the length, in network order */
const grpcPrefixBytes = 5

async function answerGrpc(
  receiver: OtlpReceiver,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  receiver.take(headers[':path'] as string, Buffer.concat(chunks).subarray(grpcPrefixBytes))
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.alloc(grpcPrefixBytes))
}
