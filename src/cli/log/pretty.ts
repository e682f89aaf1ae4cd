/** A line of the log as a person reads it on a terminal, made of the JSON line. */
import { logComponents } from '../../base/log.js'

const componentWidth = Math.max(...logComponents.map((name) => name.length))

/** SGR codes of terminals (ECMA-48 §8.3.117) */
const grey = 90
const colours: Readonly<Record<string, number>> = { debug: grey, info: 36, warn: 33, error: 31 }

/** `12:34:56.789 info  tls        the message key=value key2="two words"`, with its line end. */
export function prettyLine(json: string, colour: boolean): string {
  const { time, level, component, msg, err, ...fields } = JSON.parse(json)
  const clock = String(time).slice('2026-01-02T'.length, -1)
  const name = paint(String(level).padEnd(5), colours[level] ?? grey, colour)
  const from = paint(String(component).padEnd(componentWidth), grey, colour)
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  const stack = err === undefined ? '' : `\n  ${plainLines(String(err.stack ?? err.message))}`
  return `${clock} ${name} ${from} ${plain(msg)}${paint(rest.join(''), grey, colour)}${stack}\n`
}

function fieldText(value: unknown): string {
  const isPlainWord = typeof value === 'string' && /^[!#-<>-~]+$/.test(value)
  return isPlainWord ? value : plain(JSON.stringify(value))
}

/** What a peer sent may be in here: nothing of it may steer the terminal, or turn the reading order. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu, '\ufffd')
}

/** Each line on its own: the line ends of a stack are our own, or look no different from them. */
function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n  ')
}

function paint(text: string, code: number, colour: boolean): string {
  return colour && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text
}
