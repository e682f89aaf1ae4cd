/** The logger everyone is handed: pino's shape, so that tests can pass a silent one. Never bodies, credentials or keys. */
import type { ConnectionFacts } from './facts.js'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** least important first */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** `log_level` of OpenSIPS, -3 (alert) to 4 (debug): what has no level here has the next graver one that has. */
export function levelOfNumber(level: number): LogLevel {
  return level >= 4 ? 'debug' : level >= 2 ? 'info' : level === 1 ? 'warn' : 'error'
}

export function numberOfLevel(level: LogLevel): number {
  return openSipsLevels[level]
}

const openSipsLevels: Readonly<Record<LogLevel, number>> = { debug: 4, info: 3, warn: 1, error: -1 }

/** Whoever has a level of its own: `component` of a line. Mostly folders; sip is one line for each message, at debug. */
export const logComponents = [
  'gateway',
  'tls',
  'sip',
  'relay',
  'trace',
  'hep',
  'collector',
  'live',
  'api',
  'telemetry',
] as const
export type LogComponent = (typeof logComponents)[number]

/** The log of a whole process, by component. */
export interface Logs {
  /** always the same one for a component, whatever its level is or becomes */
  of(component: LogComponent): Log
  level(component: LogComponent): LogLevel
  setLevel(component: LogComponent, level: LogLevel): void
  /** lines not written since start because too many were alike */
  readonly repeats: number
}

const nothing = () => {}
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
export const silentLogs: Logs = { of: () => silentLog, level: () => 'error', setLevel: nothing, repeats: 0 }

/** What every line about a connection has: its id, and the ids of its span where there is one. */
export function connectionFields({ id, span }: ConnectionFacts): object {
  return span === undefined ? { conn_id: id } : { conn_id: id, trace_id: span.traceId, span_id: span.spanId }
}
