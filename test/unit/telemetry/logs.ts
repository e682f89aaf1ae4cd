/** Logs that remember what they were told, at the levels a test sets. */
import type { Log, LogComponent, LogLevel, Logs } from '../../../src/base/log.js'

export interface Line {
  readonly component: LogComponent
  readonly level: LogLevel
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

export class RecordedLogs implements Logs {
  readonly lines: Line[] = []
  readonly repeats = 0
  readonly #levels: Partial<Record<LogComponent, LogLevel>>

  /** those that are not named: info */
  constructor(levels: Partial<Record<LogComponent, LogLevel>> = {}) {
    this.#levels = { ...levels }
  }

  of(component: LogComponent): Log {
    const at =
      (level: LogLevel) =>
      (fields: object, message: string): void =>
        void this.lines.push({ component, level, fields: fields as Line['fields'], message })
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }

  level(component: LogComponent): LogLevel {
    return this.#levels[component] ?? 'info'
  }

  setLevel(component: LogComponent, level: LogLevel): void {
    this.#levels[component] = level
  }
}
