/**
 * What the standard variables of OpenTelemetry ask for: which of traces, metrics and logs are to be exported. Off
 * unless configured. It reads variables and imports nothing of OpenTelemetry, so that asking costs nothing.
 */

export const signals = ['traces', 'metrics', 'logs'] as const
export type Signal = (typeof signals)[number]

/**
 * `OTEL_<SIGNAL>_EXPORTER` decides where it is set (`none`: off); without it, an endpoint does. The SDK alone would
 * export to localhost where nothing is set, which nobody who installs a SIP gateway asked for.
 */
export function askedFor(env: NodeJS.ProcessEnv): ReadonlySet<Signal> {
  if (variable(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return new Set()
  return new Set(signals.filter((signal) => isAskedFor(env, signal)))
}

/** The variables that name `none` beside others, which switches a signal off. */
export function contradictions(env: NodeJS.ProcessEnv): string[] {
  return signals
    .filter((signal) => exportersOf(env, signal).includes('none') && exportersOf(env, signal).length > 1)
    .map(exporterVariable)
}

/**
 * The variables that should hold a URL and do not: the SDK would export to localhost instead, or fail at each export.
 * Their values stay untold, a URL may hold a password.
 */
export function wrongEndpoints(env: NodeJS.ProcessEnv): string[] {
  const wrong = signals.flatMap((signal) => {
    const name = otlpVariable(env, signal, 'ENDPOINT')
    const value = variable(env, name)
    return value === undefined || isEndpoint(value, otlpProtocol(env, signal)) ? [] : name
  })
  return [...new Set(wrong)]
}

/** By which a signal goes, if there is one of that name. */
export function otlpProtocol(env: NodeJS.ProcessEnv, signal: Signal): string {
  return variable(env, otlpVariable(env, signal, 'PROTOCOL')) ?? 'http/protobuf'
}

/** The values of a list, `otlp,console`. */
export function exportersOf(env: NodeJS.ProcessEnv, signal: Signal): string[] {
  const list = variable(env, exporterVariable(signal)) ?? ''
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** Without the white space around it; empty is as if it were not there (OpenTelemetry's configuration specification). */
export function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

function isAskedFor(env: NodeJS.ProcessEnv, signal: Signal): boolean {
  const exporters = exportersOf(env, signal)
  if (exporters.length > 0) return !exporters.includes('none')
  return variable(env, otlpVariable(env, signal, 'ENDPOINT')) !== undefined
}

function exporterVariable(signal: Signal): string {
  return `OTEL_${signal.toUpperCase()}_EXPORTER`
}

/** The one of the signal where it is set, else the one for all. */
function otlpVariable(env: NodeJS.ProcessEnv, signal: Signal, what: 'ENDPOINT' | 'PROTOCOL'): string {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${what}`
  return variable(env, own) === undefined ? `OTEL_EXPORTER_OTLP_${what}` : own
}

/** `localhost:4318` is a URL of the scheme `localhost:`, and to gRPC a host and port. */
function isEndpoint(value: string, protocol: string): boolean {
  const isGrpc = protocol === 'grpc'
  const url = isGrpc && !/^\w+:\/\//.test(value) ? `https://${value}` : value
  if (!URL.canParse(url)) return false
  const scheme = new URL(url).protocol
  return scheme === 'http:' || scheme === 'https:' || (isGrpc && scheme === 'unix:')
}
