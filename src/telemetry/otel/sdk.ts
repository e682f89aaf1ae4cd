/**
 * The SDK of OpenTelemetry for the signals that are asked for: resource, readers of our metrics, ids of our traces. It
 * reads its own variables (`OTEL_*`) from the environment of the process. Imported only when something is to be exported:
 * it takes 0.2 s and 30 MB.
 */
import { hostname } from 'node:os'
import {
  type Context,
  type ContextManager,
  context,
  DiagLogLevel,
  diag,
  metrics as meters,
  ROOT_CONTEXT,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { type Logger, logs } from '@opentelemetry/api-logs'
import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { core, metrics, NodeSDK, resources, tracing } from '@opentelemetry/sdk-node'
import { maxTimerMs } from '../../base/duration.js'
import type { Log } from '../../base/log.js'
import { type MetricSource, metricProducer } from './otlp-metrics.js'
import { SdkLog } from './sdk-log.js'
import { exportersOf, otlpProtocol, type Signal, variable, wrongEndpoints } from './signals.js'
import { SpanIdSource } from './span-ids.js'

export interface SdkOptions {
  readonly signals: ReadonlySet<Signal>
  /** undefined: none are measured */
  readonly metrics: MetricSource | undefined
  readonly version: string
  /** what is set for `service.instance.id` in the environment goes before it, as for name and version */
  readonly nodeName: string | undefined
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

export interface Sdk {
  readonly tracer: Tracer
  readonly ids: SpanIdSource
  readonly logger: Logger
  /** Exports what is left, as long as it takes. */
  stop(): Promise<void>
}

const scope = 'hepgate'

/** Throws what makes no sense at all, an endpoint that is no URL for one; nothing of the SDK is left then. */
export function startSdk(options: SdkOptions): Sdk {
  const wrong = wrongEndpoints(options.env)
  if (wrong.length > 0) throw new Error(`${wrong.join(', ')}: not a URL as http://collector:4318 is one`)
  trimVariables()
  try {
    return start(options)
  } catch (error) {
    forget()
    throw error
  }
}

function start(options: SdkOptions): Sdk {
  const { signals, version, log, env } = options
  const sdkLog = new SdkLog(log)
  const logLevel = core.diagLogLevelFromString(variable(env, 'OTEL_LOG_LEVEL')) ?? DiagLogLevel.WARN
  diag.setLogger(sdkLog, { logLevel, suppressOverrideMessage: true })
  const ids = new SpanIdSource(new tracing.RandomIdGenerator())
  const metricReaders = signals.has('metrics') ? readersOf(options) : []
  const sdk = newSdk({
    resource: resourceOf(options),
    contextManager: noContext,
    textMapPropagator: null,
    idGenerator: ids,
    metricReaders,
    ...(!signals.has('traces') && { spanProcessors: [] }),
    ...(!signals.has('logs') && { logRecordProcessors: [] }),
  })
  try {
    sdk.start()
  } catch (error) {
    void sdk.shutdown().catch(() => {})
    throw error
  }
  return {
    tracer: trace.getTracer(scope, version),
    ids,
    logger: logs.getLogger(scope, version),
    stop: () => sdk.shutdown().finally(forget),
  }
}

/**
 * Files of variables keep the blank at the end of a line. The SDK takes some values with it and some without: an
 * endpoint with one is none to it, and it exports to localhost.
 */
function trimVariables(): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith('OTEL_') && value !== undefined && value !== value.trim()) process.env[name] = value.trim()
  }
}

/** By OTEL_LOG_LEVEL it would make a logger of its own, on the console, and ours would not hear of wrong values. */
function newSdk(configuration: ConstructorParameters<typeof NodeSDK>[0]): NodeSDK {
  const level = process.env.OTEL_LOG_LEVEL
  delete process.env.OTEL_LOG_LEVEL
  try {
    return new NodeSDK(configuration)
  } finally {
    if (level !== undefined) process.env.OTEL_LOG_LEVEL = level
  }
}

/** What the SDK has registered for the process, after which another may. */
function forget(): void {
  trace.disable()
  logs.disable()
  meters.disable()
  context.disable()
  diag.disable()
}

/** The environment (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`) is merged over this. */
function resourceOf({ version, nodeName }: SdkOptions): resources.Resource {
  return resources.defaultResource().merge(
    resources.resourceFromAttributes({
      'service.name': scope,
      'service.version': version,
      'service.instance.id': nodeName ?? hostname(),
    }),
  )
}

function readersOf({ metrics: source, version, env }: SdkOptions): metrics.IMetricReader[] {
  if (source === undefined) {
    diag.warn('metrics are to be exported, but telemetry.metrics of the configuration is off')
    return []
  }
  const producer = metricProducer(source, { name: scope, version })
  const temporality = variable(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')
  if (temporality !== undefined && temporality.toLowerCase() !== 'cumulative') {
    diag.warn(`metrics are cumulative: OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=${temporality} has no effect`)
  }
  const names = exportersOf(env, 'metrics')
  return [...new Set(names.length === 0 ? ['otlp'] : names)].flatMap((name) => {
    const exporter = metricExporter(name, env)
    return exporter === undefined ? [] : periodicReader(exporter, producer, env)
  })
}

function metricExporter(name: string, env: NodeJS.ProcessEnv): metrics.PushMetricExporter | undefined {
  if (name === 'otlp') return otlpExporter(env)
  if (name === 'console') return new metrics.ConsoleMetricExporter()
  const instead = name === 'prometheus' ? ', Prometheus finds the metrics at GET /metrics of the API' : ''
  diag.warn(`OTEL_METRICS_EXPORTER: there is no "${name}", only otlp, console and none${instead}`)
  return undefined
}

function otlpExporter(env: NodeJS.ProcessEnv): metrics.PushMetricExporter {
  const protocol = otlpProtocol(env, 'metrics')
  switch (protocol) {
    case 'grpc':
      return new GrpcExporter()
    case 'http/json':
      return new JsonExporter()
    case 'http/protobuf':
      return new ProtobufExporter()
    default:
      diag.warn(`OTLP has no protocol "${protocol}": metrics go by http/protobuf`)
      return new ProtobufExporter()
  }
}

function periodicReader(
  exporter: metrics.PushMetricExporter,
  producer: metrics.MetricProducer,
  env: NodeJS.ProcessEnv,
): metrics.IMetricReader {
  const exportIntervalMillis = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL', 60_000)
  const exportTimeoutMillis = Math.min(milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT', 30_000), exportIntervalMillis)
  return new metrics.PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis,
    metricProducers: [producer],
  })
}

function milliseconds(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = variable(env, name)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (value >= 1 && value <= maxTimerMs) return value
  diag.warn(`${name}=${text} is not a number of ms from 1 to ${maxTimerMs}: it is ${otherwise}`)
  return otherwise
}

/**
 * We hand contexts over ourselves. The SDK's own manager costs every promise of the process once an exporter has used
 * it, before Node 24.
 */
const noContext: ContextManager = {
  active: () => ROOT_CONTEXT,
  with: (_context: Context, run, self, ...args) => run.apply(self as ThisParameterType<typeof run>, args),
  bind: (_context, target) => target,
  enable: () => noContext,
  disable: () => noContext,
}
