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

/**
 * The variables that should hold a URL and do not: the SDK would export to localhost instead. Their values stay untold,
 * a URL may hold a password.
 */
export function wrongEndpoints(env: NodeJS.ProcessEnv): string[] {
  return ['', ...signals.map((signal) => `${signal.toUpperCase()}_`)]
    .map((of) => `OTEL_EXPORTER_OTLP_${of}ENDPOINT`)
    .filter((name) => {
      const value = variable(env, name)
      return value !== undefined && !URL.canParse(value)
    })
}

/** The values of a list, `otlp,console`. */
export function exportersOf(env: NodeJS.ProcessEnv, signal: Signal): string[] {
  const list = variable(env, `OTEL_${signal.toUpperCase()}_EXPORTER`) ?? ''
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
  const own = variable(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`)
  return (own ?? variable(env, 'OTEL_EXPORTER_OTLP_ENDPOINT')) !== undefined
}
