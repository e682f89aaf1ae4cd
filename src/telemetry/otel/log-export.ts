/**
 * Lines of the log as log records of OpenTelemetry: what is written is exported, neither more nor less, with the ids
 * of the span that a line names. Lines of component telemetry are not on the channel: exporting never makes lines that
 * are exported.
 */
import { type Context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { type AnyValueMap, type LogAttributes, type Logger, SeverityNumber } from '@opentelemetry/api-logs'
import type { LogLevel } from '../../base/log.js'

const severities: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
}

interface ErrorFields {
  readonly type?: string
  readonly message?: string
  readonly stack?: string
}

/** One line, as pino writes it. */
interface Line {
  readonly time: string
  readonly level: LogLevel
  readonly msg: string
  /** what was thrown: an error, or anything */
  readonly err?: ErrorFields | string | number | boolean | null
  readonly trace_id?: string
  readonly span_id?: string
  readonly [field: string]: unknown
}

export function exportLine(logger: Logger, json: string): void {
  const { time, level, msg, err, trace_id, span_id, ...fields } = JSON.parse(json) as Line
  logger.emit({
    timestamp: new Date(time),
    severityNumber: severities[level],
    severityText: level,
    body: msg,
    attributes: { ...(fields as AnyValueMap), ...exceptionAttributes(err) },
    context: contextOf(trace_id, span_id),
  })
}

/** Semantic conventions for exceptions in logs. */
function exceptionAttributes(err: Line['err']): LogAttributes {
  if (err === undefined) return {}
  if (typeof err !== 'object' || err === null) return { 'exception.message': String(err) }
  return { 'exception.type': err.type, 'exception.message': err.message, 'exception.stacktrace': err.stack }
}

/** Only spans that are sampled are named in lines. */
function contextOf(traceId: string | undefined, spanId: string | undefined): Context {
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
}
