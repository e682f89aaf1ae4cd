/**
 * The level of each component of the log: as configured, or as somebody set it over the API, until they say otherwise
 * or its time is over. A restart forgets what was set. Writes no lines.
 */
import { type LogComponent, type LogLevel, type Logs, logComponents } from '../base/log.js'
import type { LogRequest } from '../base/ports.js'
import type { LogStatus } from '../base/status.js'
import { countDown, type Timer, type Timers } from '../base/timers.js'

type Levels = Readonly<Record<LogComponent, LogLevel>>

export interface LogLevelsOptions {
  readonly logs: Logs
  readonly configured: Levels
  readonly timers: Timers
  readonly nowMs: () => number
  /** the level of any of them is, or may be, another one */
  readonly changed: () => void
  /** these are as configured again */
  readonly timeOver: (components: readonly LogComponent[]) => void
}

/** What one request set, and for how many it still counts. */
interface Override {
  readonly level: LogLevel
  readonly untilMs: number | undefined
  readonly components: Set<LogComponent>
  timer: Timer | undefined
}

export class LogLevels {
  readonly #options: LogLevelsOptions
  #configured: Levels
  readonly #overrides = new Map<LogComponent, Override>()

  constructor(options: LogLevelsOptions) {
    this.#options = options
    this.#configured = options.configured
  }

  set({ component, level, forMs }: Omit<LogRequest, 'by'>): void {
    const components = component === undefined ? logComponents : [component]
    for (const one of components) this.#release(one)
    if (level !== undefined) this.#override(level, forMs, components)
    this.#apply()
  }

  /** What was set over the API stays. */
  configure(levels: Levels): void {
    this.#configured = levels
    this.#apply()
  }

  status(): LogStatus {
    const { logs } = this.#options
    const components = logComponents.map((component) => ({
      component,
      level: logs.level(component),
      configured: this.#configured[component],
      until: timeText(this.#overrides.get(component)?.untilMs),
    }))
    return { components, repeats: logs.repeats }
  }

  /** Waits for nothing any more. */
  stop(): void {
    for (const { timer } of this.#overrides.values()) timer?.cancel()
  }

  #override(level: LogLevel, forMs: number | undefined, components: readonly LogComponent[]): void {
    const { nowMs, timers } = this.#options
    const untilMs = forMs === undefined ? undefined : nowMs() + forMs
    const override: Override = { level, untilMs, components: new Set(components), timer: undefined }
    for (const component of components) this.#overrides.set(component, override)
    if (forMs !== undefined) override.timer = countDown(timers, forMs, () => this.#end(override))
  }

  #release(component: LogComponent): void {
    const override = this.#overrides.get(component)
    if (override === undefined) return
    this.#overrides.delete(component)
    override.components.delete(component)
    if (override.components.size === 0) override.timer?.cancel()
  }

  #end({ components }: Override): void {
    for (const component of components) this.#overrides.delete(component)
    this.#apply()
    this.#options.timeOver([...components])
  }

  #apply(): void {
    const { logs, changed } = this.#options
    for (const component of logComponents) {
      logs.setLevel(component, this.#overrides.get(component)?.level ?? this.#configured[component])
    }
    changed()
  }
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
