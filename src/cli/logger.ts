/**
 * The log of a running gateway: pino on standard error, as JSON lines or as lines for a person. A
 * reader of the log that stops reading costs log lines, never the gateway's time.
 */
import { pino, stdTimeFunctions } from 'pino'
import type { Log } from '../base/log.js'
import type { Config } from '../config/types.js'
import { LogSink } from './log-sink.js'

export interface Logger {
  readonly log: Log
  /** Writes what is still held; for the moment before the process ends. */
  flush(): void
}

/** Held while standard error does not take it; lines beyond are lost. */
const maxHeldChars = 4 * 1024 * 1024
const stderrFd = 2

export function makeLogger({ level, format }: Config['log'], colour: boolean): Logger {
  const sink = new LogSink(stderrFd, maxHeldChars, (lost) =>
    log.warn({ lost }, 'log lines were lost: nobody took them'),
  )
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (name: string) => ({ level: name }) },
  }
  const log =
    format === 'json' ? pino(options, sink) : pino(options, { write: (line) => sink.write(prettyLine(line, colour)) })
  return { log, flush: () => sink.flush() }
}

/** SGR codes of terminals (ECMA-48 §8.3.117) */
const grey = 90
const colours: Readonly<Record<string, number>> = { debug: grey, info: 36, warn: 33, error: 31 }

/** `12:34:56.789 info  the message  key=value key2="two words"` from a JSON line. */
export function prettyLine(json: string, colour: boolean): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json)
  const clock = String(time).slice('2026-01-02T'.length, -1)
  const name = paint(String(level).padEnd(5), colours[level] ?? grey, colour)
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  const stack = err === undefined ? '' : `\n  ${String(err.stack ?? err.message).replaceAll('\n', '\n  ')}`
  return `${clock} ${name} ${plain(msg)}${paint(rest.join(''), grey, colour)}${stack}\n`
}

function fieldText(value: unknown): string {
  const isPlainWord = typeof value === 'string' && /^[!#-<>-~]+$/.test(value)
  return isPlainWord ? value : plain(JSON.stringify(value))
}

/** What a peer sent may be in here: nothing of it may steer the terminal. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}

function paint(text: string, code: number, colour: boolean): string {
  return colour && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text
}
