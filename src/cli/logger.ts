/**
 * The log of a running gateway: pino on standard error, as JSON lines or as lines for a person. A
 * reader of the log that stops reading costs log lines, never the gateway's time.
 */
import { pino } from 'pino'
import type { Log } from '../base/log.js'
import type { Config } from '../config/types.js'

export interface Logger {
  readonly log: Log
  /** Writes what is still held; for the moment before the process ends. */
  flush(): void
}

/** Held while standard error does not take it; lines beyond are lost. */
const maxHeldBytes = 4 * 1024 * 1024
const stderrFd = 2

export function makeLogger({ level, format }: Config['log'], colour: boolean): Logger {
  const sink = pino.destination({ fd: stderrFd, sync: false, maxLength: maxHeldBytes })
  const options = { level, base: null }
  const log =
    format === 'json' ? pino(options, sink) : pino(options, { write: (line) => sink.write(prettyLine(line, colour)) })
  return { log, flush: () => sink.flushSync() }
}

const levels: Readonly<Record<number, { name: string; colour: number }>> = {
  20: { name: 'debug', colour: 90 },
  30: { name: 'info ', colour: 36 },
  40: { name: 'warn ', colour: 33 },
  50: { name: 'error', colour: 31 },
  60: { name: 'fatal', colour: 31 },
}

/** `12:34:56.789 info  the message  key=value key2="two words"` from a line of pino's. */
export function prettyLine(json: string, colour: boolean): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json)
  const { name, colour: code } = levels[level] ?? { name: String(level), colour: 0 }
  const clock = new Date(time).toISOString().slice(11, 23)
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  const stack = err === undefined ? '' : `\n  ${String(err.stack ?? err.message).replaceAll('\n', '\n  ')}`
  return `${clock} ${paint(name, code, colour)} ${msg ?? ''}${paint(rest.join(''), 90, colour)}${stack}\n`
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

function paint(text: string, code: number, colour: boolean): string {
  return colour && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text
}
