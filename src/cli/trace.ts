/** `hepgate trace`: shows and turns the trace switch of a running gateway, through its HTTP API. */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type Type from 'typebox'
import { FilterMatches, TraceStatus } from '../api/schemas.js'
import { durationForm, durationText, parseDuration } from '../base/duration.js'
import { UsageError } from '../base/errors.js'
import { ApiClient, ApiProblem } from './api-client.js'
import { exitCodes, type Terminal } from './command.js'
import { parseOptions } from './options.js'
import { rows } from './rows.js'
import { defaultUrl } from './welcome.js'

export const help = `usage: hepgate trace on|off|status [options]

  on       connections opened from now on are traced, by the filter
  off      everything stops at once
  status   the state of the switch; with --filter, what that filter would trace

  --for TIME      with on: off again after this time (10m, 90s, 1h30m)
  --existing      with on: connections that are open already too, by the filter
  --filter FILE   with on: use this filter route from now on; - reads it from standard input
  --url URL       the API of the gateway, default ${defaultUrl}
  --token WHERE   its token: env:NAME or file:PATH; default env:HEPGATE_TOKEN, where that is set
`

export async function run(args: readonly string[], { stdout }: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    {
      for: { type: 'string' },
      existing: { type: 'boolean', default: false },
      filter: { type: 'string' },
      url: { type: 'string', default: defaultUrl },
      token: { type: 'string' },
    },
    ['on, off or status'],
  )
  const mode = traceMode(positionals[0])
  if (mode !== 'on' && (values.for !== undefined || values.existing)) {
    throw new UsageError('--for and --existing go with trace on')
  }
  if (mode === 'off' && values.filter !== undefined)
    throw new UsageError('--filter goes with trace on and trace status')
  if (values.for !== undefined && parseDuration(values.for) === undefined) {
    throw new UsageError(`--for should be ${durationForm}, not ${values.for}`)
  }

  const api = new ApiClient(values.url, values.token)
  const matches = values.filter === undefined ? undefined : await sendFilter(api, mode, values.filter)
  const status =
    mode === 'status'
      ? await api.get('/api/v1/tls_trace', TraceStatus)
      : await api.put('/api/v1/tls_trace', traceRequest(mode, values.for, values.existing), TraceStatus)
  stdout.write(statusText(status))
  if (matches !== undefined) stdout.write(matchesText(matches))
  return exitCodes.fine
}

type Mode = 'on' | 'off' | 'status'

function traceMode(word: string): Mode {
  if (word === 'on' || word === 'off' || word === 'status') return word
  throw new UsageError(`trace on, off or status, not ${word}`)
}

function traceRequest(mode: 'on' | 'off', duration: string | undefined, existing: boolean): object {
  return mode === 'off' ? { trace_mode: mode } : { trace_mode: mode, existing, ...(duration && { for: duration }) }
}

/** A filter comes before the switch: with a bad one nothing is switched. */
async function sendFilter(api: ApiClient, mode: Mode, file: string): Promise<Type.Static<typeof FilterMatches>> {
  const route = await readRoute(file)
  try {
    if (mode === 'on') return await api.put('/api/v1/trace/filter', { route }, FilterMatches)
    return await api.post('/api/v1/trace/filter/dry-run', { route }, FilterMatches)
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.errors.length === 0) throw error
    throw new UsageError(error.errors.map((e) => `${file}:${e.line}:${e.column}: ${e.detail}`).join('\n'))
  }
}

async function readRoute(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read the filter: ${(error as Error).message}`)
  }
}

function statusText(status: Type.Static<typeof TraceStatus>): string {
  const { trace_mode, until, secondsLeft = 0, destination, tracedConnections, filterFailures } = status
  const ending = until === undefined ? '' : ` until ${until} (${durationText(secondsLeft * 1000)} left)`
  return rows([
    ['tracing', [`${trace_mode}${ending}`]],
    [
      'destination',
      [destination.join(', ') || 'none: what is traced stays in the gateway; see proto_tls.trace_destination'],
    ],
    ['filter', [filterText(status)]],
    ['connections', [`${tracedConnections} traced now`]],
    ['failures', filterFailures === 0 ? [] : [`${filterFailures} of the filter; see the log`]],
  ])
}

function filterText({ filter, filterSource }: Type.Static<typeof TraceStatus>): string {
  if (filter === undefined) return 'none: every connection'
  return filterSource === 'api' ? 'a route set over HTTP, until the next start' : filter
}

function matchesText({ total, traced, matches }: Type.Static<typeof FilterMatches>): string {
  const lines = matches
    .filter((match) => match.traced)
    .map(({ conn_id, peer, tls_sni }) => `  ${conn_id}  ${peer}  ${tls_sni ?? ''}`.trimEnd())
  if (traced > lines.length) lines.push(`  and ${traced - lines.length} more`)
  return [`this filter traces ${traced} of ${total} live connections`, ...lines, ''].join('\n')
}
