/** Numbers, sizes and times as people read them. Pure. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const exactTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const clockTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const minuteTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
/** controls but the tab, marks that turn the direction of writing round, and line ends that are none in SIP */
export const unseen = /(?!\t)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

/** 12,345 */
export function count(value: number): string {
  return whole.format(value)
}

/** 12.3K from 10,000 on */
export function shortCount(value: number): string {
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)
}

/** Per second: 0, 0.4, 12, 1,234 */
export function rate(value: number): string {
  if (value === 0) return '0'
  if (value < 0.1) return '<0.1'
  return value < 10 ? String(Math.round(value * 10) / 10) : shortCount(Math.round(value))
}

/** 512 B, 1.5 kB, 32 MB: powers of 1000 */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let rest = value
  let unit = 0
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit += 1
  }
  return `${unit === 0 || rest >= 99.5 ? Math.round(rest) : rest.toPrecision(2)} ${units[unit]}`
}

/** Two units at most: 350 ms, 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${Math.round(ms / 100) / 10} s`
  const s = Math.round(ms / 1000)
  if (s < 60) return `${s} s`
  if (s < 3600) return join(Math.floor(s / 60), 'min', s % 60, 's')
  const min = Math.floor(s / 60)
  if (min < 24 * 60) return join(Math.floor(min / 60), 'h', min % 60, 'min')
  const h = Math.floor(min / 60)
  return join(Math.floor(h / 24), 'd', h % 24, 'h')
}

/** 9:41, 1:02:03; never below 0:00 */
export function countdown(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000))
  const seconds = String(s % 60).padStart(2, '0')
  const minutes = Math.floor(s / 60) % 60
  const hours = Math.floor(s / 3600)
  return hours === 0 ? `${minutes}:${seconds}` : `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
}

/** just now, 12 s ago, 3 min ago, in 2 h, 4 d ago */
export function relative(at: number, now: number): string {
  const ms = now - at
  const far = Math.abs(ms)
  if (far < 1500) return 'just now'
  const text = far < 60_000 ? `${Math.round(far / 1000)} s` : coarse(far)
  return ms > 0 ? `${text} ago` : `in ${text}`
}

/** One unit: 5 min, 3 h, 12 d */
function coarse(ms: number): string {
  const min = Math.round(ms / 60_000)
  if (min < 60) return `${min} min`
  if (min < 36 * 60) return `${Math.round(min / 60)} h`
  return `${Math.round(min / 1440)} d`
}

/** date and time, local */
export function exact(at: number): string {
  return exactTime.format(at)
}

/** 12:34:56, local */
export function clock(at: number): string {
  return clockTime.format(at)
}

/** 12:34:56.789, local: where the order of things within a second matters */
export function clockMs(at: number): string {
  return `${clock(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`
}

/** 12:34, local */
export function minute(at: number): string {
  return minuteTime.format(at)
}

export function date(at: number): string {
  return day.format(at)
}

/** `one(3, 'day')` is `3 days` */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** `/C=DE/O=Example/CN=sip.example.com` → `sip.example.com`; without CN the whole line */
export function commonName(subject: string): string {
  return /(?:^|\/)CN=([^/]+)/.exec(subject)?.[1] ?? subject
}

/** `TLSv1.3` → `TLS 1.3`, `TLSv1` → `TLS 1.0` */
export function tlsVersion(version: string): string {
  return version.replace(
    /^(TLS|SSL|DTLS)v(\d)(?:\.(\d))?$/,
    (_, name, major, minor = '0') => `${name} ${major}.${minor}`,
  )
}

/** A capital at the beginning, a full stop at the end. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

/** What has no look of its own as `\u{202e}`. */
export function spelled(text: string): string {
  return text.replace(unseen, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`)
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
