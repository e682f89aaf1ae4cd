/**
 * What a person should look at, out of what is known anyway: each finding says what is wrong and what to do about
 * it. Pure: the same status, breakdown and history give the same list. Looks at nothing by itself.
 */

import { dayMs } from '../../base/duration.js'
import { type Cause, causeEntry, causeSentence } from '../../base/errors.js'
import type { Attention, Breakdown, Sample } from '../../base/live.js'
import type { DestinationStatus, GatewayStatus, UpstreamStatus } from '../../base/status.js'
import { isDeprecated } from '../../base/tls-versions.js'

export interface Known {
  readonly status: GatewayStatus
  readonly breakdown: Breakdown
  /** at least the last five minutes, oldest first */
  readonly history: readonly Sample[]
  /** limits.max_connections; undefined: not known */
  readonly maxConnections?: number | undefined
  readonly nowMs: number
}

const minuteS = 60
const fewMinutesS = 300

const expiringDays = 14
const criticalDays = 3
/** Below both, failures are scanners and typing errors, as on every public port. */
const failingShare = 0.2
const failingLeast = 5
const slowLoopMs = 200
const nearLimit = 0.8
const atLimit = 0.95
const namesShown = 3

/** What may be wrong; those of one level are shown in this order. */
const checks: readonly ((known: Known) => readonly Attention[])[] = [
  upstreams,
  expiredCertificates,
  handshakes,
  expiringCertificates,
  lostMessages,
  connectionLimit,
  trunks,
  slowLoop,
  failedReload,
  destinationsDown,
  destinationsDropping,
  lostTraces,
  weakClients,
  pausedDestinations,
  endlessTrace,
  endlessPicks,
]
const levels = ['critical', 'warning', 'info'] as const

/** The gravest first. */
export function attention(known: Known): readonly Attention[] {
  const found = checks.flatMap((check) => check(known))
  return levels.flatMap((level) => found.filter((one) => one.level === level))
}

// ── the core behind us ──

function upstreams({ status }: Known): readonly Attention[] {
  const all = status.upstreams.filter(({ role }) => role === 'upstream')
  const down = all.filter(({ state }) => state === 'down')
  if (down.length === 0) return []
  const everything = down.length === all.length
  const what = everything
    ? 'No upstream can be reached, so requests are refused'
    : 'Some upstreams cannot be reached and get no requests'
  const message = `${what}: ${listed(down.map(whyDown))}. Check that the server runs and its port is open from here.`
  return [{ level: everything ? 'critical' : 'warning', code: 'upstream-down', message, view: 'overview' }]
}

function trunks({ status }: Known): readonly Attention[] {
  const down = status.upstreams.filter(({ role, state }) => role === 'trunk' && state === 'down')
  if (down.length === 0) return []
  const message = `Trunks are not connected: ${listed(down.map(whyDown))}. It is tried again all the time; look at the causes of the latest attempts.`
  return [{ level: 'warning', code: 'trunk-down', message, view: 'connections', search: 'state:closed direction:out' }]
}

function whyDown({ uri, lastError }: UpstreamStatus): string {
  return lastError === undefined ? uri : `${uri} (${lastError})`
}

// ── certificates ──

function expiredCertificates({ status, nowMs }: Known): readonly Attention[] {
  const expired = certificatesOf(status, nowMs).filter(({ leftMs }) => leftMs <= 0)
  if (expired.length === 0) return []
  const names = expired.map(({ domain, date }) => `${domain} since ${date}`)
  const message = `Certificates have expired and peers refuse them: ${listed(names)}. Put new ones in place and reload the TLS domains.`
  return [{ level: 'critical', code: 'certificate-expired', message, view: 'overview' }]
}

function expiringCertificates({ status, nowMs }: Known): readonly Attention[] {
  const expiring = certificatesOf(status, nowMs).filter(({ leftMs }) => leftMs > 0 && leftMs <= expiringDays * dayMs)
  const [next] = expiring
  if (next === undefined) return []
  const names = expiring.map(({ domain, leftMs }) => `${domain} in ${countOf(Math.floor(leftMs / dayMs), 'day')}`)
  const message = `Certificates expire: ${listed(names)}. Renew them and reload the TLS domains.`
  const level = next.leftMs <= criticalDays * dayMs ? 'critical' : 'warning'
  return [{ level, code: 'certificate-expiring', message, view: 'overview' }]
}

interface Certificate {
  readonly domain: string
  readonly leftMs: number
  /** day of its end */
  readonly date: string
}

/** Soonest end first. */
function certificatesOf({ domains }: GatewayStatus, nowMs: number): readonly Certificate[] {
  return domains
    .flatMap(({ name, certificates }) =>
      certificates.map(({ notAfter }) => ({
        domain: name,
        leftMs: Date.parse(notAfter) - nowMs,
        date: notAfter.slice(0, 10),
      })),
    )
    .sort((a, b) => a.leftMs - b.leftMs)
}

// ── peers ──

function handshakes({ history, nowMs }: Known): readonly Attention[] {
  const lately = within(history, fewMinutesS, nowMs)
  const ok = total(lately, ({ handshakes_ok }) => handshakes_ok)
  const failed = total(lately, ({ handshakes_failed }) => handshakes_failed)
  if (failed < failingLeast || failed < failingShare * (ok + failed)) return []
  const [cause, count] = largest(causesOf(lately))
  const { hint } = causeEntry(cause as Cause)
  const advice = hint === '' ? '' : ` First look: ${hint}.`
  const message = `${failed} of ${ok + failed} TLS handshakes failed in the last 5 minutes, ${count} of them because ${causeSentence(cause as Cause)}.${advice}`
  return [
    {
      level: 'warning',
      code: 'handshakes-failing',
      message,
      view: 'connections',
      search: `state:closed cause:${cause}`,
    },
  ]
}

function causesOf(samples: readonly Sample[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { failed_by } of samples) {
    for (const [cause, count] of Object.entries(failed_by)) counts[cause] = (counts[cause] ?? 0) + count
  }
  return counts
}

/** Below TLS 1.2 only: a phone that ends there is old, not wrong. */
function weakClients({ breakdown }: Known): readonly Attention[] {
  const weak = breakdown.weak.filter(({ version }) => isDeprecated(version))
  if (weak.length === 0) return []
  const count = weak.reduce((sum, one) => sum + one.count, 0)
  const versions = weak.map(({ version }) => version).join(' and ')
  const examples = listed(weak.flatMap((one) => one.examples))
  const message = `${countOf(count, 'connection')} still on ${versions}, which RFC 8996 forbids: ${examples}. Update these peers, then raise tls_method of their TLS domain.`
  return [{ level: 'warning', code: 'weak-clients', message, view: 'connections', search: 'side:edge version:<1.2' }]
}

// ── this gateway ──

function lostMessages({ status, history, nowMs }: Known): readonly Attention[] {
  const lost = total(within(history, fewMinutesS, nowMs), ({ messages_lost }) => messages_lost)
  if (lost === 0) return []
  const [cause, count] = largest(status.messages.lost)
  const message = `${countOf(lost, 'SIP message')} taken from a peer could not be delivered in the last 5 minutes. Most losses since start: ${cause} (${count}); look for connections closed for it.`
  return [
    { level: 'warning', code: 'messages-lost', message, view: 'connections', search: `state:closed cause:${cause}` },
  ]
}

function connectionLimit({ breakdown, maxConnections: most }: Known): readonly Attention[] {
  const accepted = breakdown.directions.in
  if (most === undefined || accepted < nearLimit * most) return []
  const message = `${accepted} of at most ${most} connections are open; then new ones are refused. Raise limits.max_connections, or find out who opens so many.`
  const level = accepted >= atLimit * most ? 'critical' : 'warning'
  return [{ level, code: 'connections-near-limit', message, view: 'connections', search: 'direction:in' }]
}

function slowLoop({ history, nowMs }: Known): readonly Attention[] {
  const longest = within(history, minuteS, nowMs).reduce((most, { loop_ms }) => Math.max(most, loop_ms), 0)
  if (longest <= slowLoopMs) return []
  const message = `The gateway was held up for ${longest} ms in the last minute, and every call with it. Look for a busy machine, a slow disk or a filter module that takes long.`
  return [{ level: 'warning', code: 'event-loop-slow', message, view: 'overview' }]
}

function failedReload({ status }: Known): readonly Attention[] {
  const { reload } = status
  if (reload === undefined || reload.ok) return []
  const message = `The reload of ${reload.at} failed and the old configuration keeps running: ${listed(reload.problems)}. Correct it and reload again.`
  return [{ level: 'warning', code: 'reload-failed', message, view: 'overview' }]
}

// ── traces ──

function destinationsDown({ status }: Known): readonly Attention[] {
  const down = status.destinations.filter(
    ({ state, lastError }) => state === 'waiting' || (state === 'connecting' && lastError !== undefined),
  )
  if (down.length === 0) return []
  const names = down.map(({ id, address, lastError }) => `${id} at ${address} (${lastError ?? 'no answer'})`)
  const message = `HEP destinations cannot be reached: ${listed(names)}. Calls go on, but traces are lost once the queue is full: check the collector.`
  return [{ level: 'warning', code: 'destination-down', message, view: 'trace' }]
}

function destinationsDropping({ status, history, nowMs }: Known): readonly Attention[] {
  const lately = within(history, minuteS, nowMs)
  const working = new Map(status.destinations.filter(({ paused }) => !paused).map((one) => [one.id, one]))
  const dropping = Array.from(working, ([id, one]) => ({
    one,
    count: total(lately, ({ hep }) => hep[id]?.dropped ?? 0),
  })).filter(({ count }) => count > 0)
  if (dropping.length === 0) return []
  const names = dropping.map(({ one, count }) => `${one.id} ${count} (${dropReason(one)})`)
  const message = `HEP packets were dropped in the last minute: ${listed(names)}. Filter the trace more narrowly, or give the collector room.`
  return [{ level: 'warning', code: 'destination-dropping', message, view: 'trace' }]
}

function dropReason({ dropped }: DestinationStatus): string {
  return largest(dropped)[0]
}

function pausedDestinations({ status }: Known): readonly Attention[] {
  const paused = new Set(status.destinations.filter((one) => one.paused).map(({ id }) => id))
  if (paused.size === 0) return []
  const message = `HEP destinations are paused by an operator and get nothing: ${listed([...paused])}. Resume them when the reason is gone.`
  return [{ level: 'info', code: 'destination-paused', message, view: 'trace' }]
}

function lostTraces({ status }: Known): readonly Attention[] {
  const { tracesLost } = status.trace
  if (tracesLost === 0) return []
  const message = `${countOf(tracesLost, 'trace')} lost to an error of the gateway itself since start. The first one is in its log: please report it.`
  return [{ level: 'warning', code: 'traces-lost', message, view: 'trace' }]
}

function endlessTrace({ status }: Known): readonly Attention[] {
  const { trace_mode, until } = status.trace
  if (trace_mode === 'off' || until !== undefined) return []
  const message = 'Tracing is on and will not end by itself. Switch it on again with a duration, or off.'
  return [{ level: 'info', code: 'trace-without-end', message, view: 'trace' }]
}

function endlessPicks({ status }: Known): readonly Attention[] {
  const endless = status.trace.picked.filter(({ until }) => until === undefined).map(({ conn_id }) => conn_id)
  const [first] = endless
  if (first === undefined) return []
  const message = `Connections are traced on their own until they are closed, whatever the switch says: ${listed(endless)}. Trace them for a time, or no longer.`
  const search = endless.length === 1 ? `conn_id:${first}` : 'traced:yes'
  return [{ level: 'info', code: 'pick-without-end', message, view: 'connections', search }]
}

// ── words and sums ──

function within(history: readonly Sample[], seconds: number, nowMs: number): readonly Sample[] {
  const since = nowMs / 1000 - seconds
  return history.filter(({ t }) => t > since)
}

function total(samples: readonly Sample[], value: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + value(sample), 0)
}

/** The entry with the highest count; a reason nobody knows when there is none. */
function largest(counts: Readonly<Record<string, number>>): readonly [string, number] {
  return Object.entries(counts).reduce((most, one) => (one[1] > most[1] ? one : most), ['unknown', 0])
}

/** The first few, and how many more. */
function listed(names: readonly string[]): string {
  const more = names.length - namesShown
  return names.slice(0, namesShown).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
