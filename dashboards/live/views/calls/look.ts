/** The words and tones of calls and messages. Pure. */
import type { CallRow, CallState, MessageView } from '../../../../src/base/live.js'
import { clockMs } from '../../ui/format.js'
import type { Tone } from '../../ui/status.js'

export const stateLooks: Readonly<Record<CallState, { readonly label: string; readonly tone: Tone }>> = {
  trying: { label: 'Trying', tone: 'info' },
  ringing: { label: 'Ringing', tone: 'info' },
  answered: { label: 'Answered', tone: 'good' },
  ended: { label: 'Ended', tone: 'neutral' },
  cancelled: { label: 'Cancelled', tone: 'warning' },
  failed: { label: 'Failed', tone: 'bad' },
  done: { label: 'Done', tone: 'neutral' },
}

export function isUnderWay({ state }: CallRow): boolean {
  return state === 'trying' || state === 'ringing' || state === 'answered'
}

/** The final status, once it is one: while a call goes on, a fork or a redirection may have had its own. */
export function statusOf(call: CallRow): number | undefined {
  return isUnderWay(call) && call.state !== 'answered' ? undefined : call.status
}

/** From its first message to its last. */
export function lastedMs({ started_at, last_at }: CallRow): number {
  return Date.parse(last_at) - Date.parse(started_at)
}

/** `INVITE`, `180 Ringing`: what a message is, in two words. */
export function titleOf({ kind, method, status, summary }: MessageView): string {
  if (kind === 'event') return eventTitle(summary)
  if (method !== undefined) return method
  return status === undefined ? summary : summary.replace(/^SIP\/2\.0 /, '')
}

/** `CLOSED FAILURE peer-reset: …` is `CLOSED peer-reset` */
function eventTitle(line: string): string {
  const [, name = line, cause] = /^(\w+)(?: FAILURE ([\w-]+))?/.exec(line) ?? []
  if (name === 'TLS_SESSION') return 'TLS session'
  return cause === undefined ? name : `${name} ${cause}`
}

/** What stands beside the title: to whom a request goes, what a response answers. */
export function detailOf({ kind, method, summary, cseq }: MessageView): string {
  if (kind === 'event') return ''
  if (method === undefined) return cseq?.replace(/^\d+ /, '') ?? ''
  return /^\S+ (?:sips?:)?(\S+)/i.exec(summary)?.[1]?.replace(/;.*/, '') ?? ''
}

/** `12:34:56.123456`, local */
export function clockMicros(micros: number): string {
  return `${clockMs(micros / 1000)}${String(micros % 1000).padStart(3, '0')}`
}

/** `+20 µs`, `+1.3 ms`, `+502 ms`, `+4.1 s`, `+1:04 min`; other agents' clocks may make it negative */
export function gapText(ms: number): string {
  const sign = ms < 0 ? '−' : '+'
  const far = Math.abs(ms)
  if (far < 0.9995) return `${sign}${Math.round(far * 1000)} µs`
  if (far < 9.95) return `${sign}${far.toFixed(1)} ms`
  if (far < 1000) return `${sign}${Math.round(far)} ms`
  if (far < 60_000) return `${sign}${(far / 1000).toFixed(far < 10_000 ? 2 : 1)} s`
  const s = Math.round(far / 1000)
  return `${sign}${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')} min`
}
