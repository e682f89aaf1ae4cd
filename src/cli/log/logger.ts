/**
 * The log of a running gateway on standard error, as JSON lines or as lines for a person. A reader of the log that
 * stops reading costs log lines, never the gateway's time.
 */
import type { Log, Logs } from '../../base/log.js'
import type { Config } from '../../config/types.js'
import { ComponentLogs } from './component-logs.js'
import { LogSink } from './log-sink.js'
import { prettyLine } from './pretty.js'

export interface Logger {
  readonly logs: Logs
  /** of the component gateway */
  readonly log: Log
  /** Writes what is still held, and how often lines were held back; for the moment before the process ends. */
  flush(): void
}

/** Held while standard error does not take it; lines beyond are lost. */
const maxHeldChars = 4 * 1024 * 1024
const stderrFd = 2

export function makeLogger({ levels, format }: Config['log'], colour: boolean): Logger {
  const sink = new LogSink(stderrFd, maxHeldChars, (lost) =>
    log.warn({ lost }, 'log lines were lost: nobody took them'),
  )
  const write =
    format === 'json'
      ? (json: string): void => sink.write(`${json}\n`)
      : (json: string): void => sink.write(prettyLine(json, colour))
  const logs = new ComponentLogs(levels, write)
  const log = logs.of('gateway')
  const flush = (): void => {
    logs.sumUp()
    sink.flush()
  }
  return { logs, log, flush }
}
