/**
 * The logs of all components: pino makes the lines, each component has a level of its own, what repeats is held
 * back. Every line that is written goes to the log channel too, those about telemetry excepted: whoever exports lines
 * and complains that it cannot must not be given its own complaint to export.
 */
import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { channels } from '../../base/channels.js'
import { type Log, type LogComponent, type LogLevel, type Logs, logComponents } from '../../base/log.js'
import { plainJson } from '../../base/plain-json.js'
import { Repeats } from './repeats.js'

export class ComponentLogs implements Logs {
  readonly #repeats: Repeats
  readonly #byComponent: ReadonlyMap<LogComponent, ComponentLog>

  /** `write` is given each line as JSON, without line end. */
  constructor(
    levels: Readonly<Record<LogComponent, LogLevel>>,
    write: (json: string) => void,
    repeats: Repeats = new Repeats(),
  ) {
    this.#repeats = repeats
    this.#byComponent = new Map(
      logComponents.map((component) => [
        component,
        new ComponentLog(component, pinoOf(component, levels[component], write), repeats),
      ]),
    )
  }

  of(component: LogComponent): Log {
    return this.#of(component)
  }

  level(component: LogComponent): LogLevel {
    return this.#of(component).pino.level as LogLevel
  }

  setLevel(component: LogComponent, level: LogLevel): void {
    // While it may still be said how many were held back.
    this.#repeats.sumUp()
    this.#of(component).pino.level = level
  }

  get repeats(): number {
    return this.#repeats.total
  }

  /** Says now how often the lines were there that are held back. */
  sumUp(): void {
    this.#repeats.sumUp()
  }

  #of(component: LogComponent): ComponentLog {
    return this.#byComponent.get(component) as ComponentLog
  }
}

class ComponentLog implements Log {
  readonly pino: PinoLogger
  readonly #component: LogComponent
  readonly #repeats: Repeats

  constructor(component: LogComponent, pino: PinoLogger, repeats: Repeats) {
    this.#component = component
    this.pino = pino
    this.#repeats = repeats
  }

  /** Never held back: whoever asks for these asks for each of them. */
  debug(fields: object, message: string): void {
    this.pino.debug(fields, message)
  }

  info(fields: object, message: string): void {
    this.#write('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#write('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#write('error', fields, message)
  }

  #write(level: 'info' | 'warn' | 'error', fields: object, message: string): void {
    if (!this.pino.isLevelEnabled(level)) return
    if (this.#repeats.mayPass(this.#component, level, message, this.#sumUp)) this.pino[level](fields, message)
  }

  readonly #sumUp = (level: LogLevel, message: string, repeated: number): void => {
    this.pino[level]({ repeated }, message)
  }
}

/** One of its own for each component: it says whose line it writes, and `write` knows it too. */
function pinoOf(component: LogComponent, level: LogLevel, write: (json: string) => void): PinoLogger {
  const isPublished = component !== 'telemetry'
  const options = {
    level,
    base: { component },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (name: string) => ({ level: name }) },
  }
  return pino(options, {
    write(line: string) {
      const json = plainJson(line.slice(0, -1))
      write(json)
      if (isPublished && channels.log.hasSubscribers) channels.log.publish(json)
    },
  })
}
