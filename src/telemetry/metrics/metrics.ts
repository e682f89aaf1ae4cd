/**
 * Everything that is measured, read when somebody collects: plain numbers, kept up by whoever watches the channels,
 * put beside what the gateway counts itself. However many collect, none takes anything from another. It sends nothing.
 */
import { channels } from '../../base/channels.js'
import type { Observers } from '../../base/observers.js'
import type { GatewayStatus } from '../../base/status.js'
import { ConnectionMetrics } from './connection-metrics.js'
import { GatewayMetrics } from './gateway-metrics.js'
import { instruments } from './instruments.js'
import { MessageMetrics } from './message-metrics.js'
import { ProcessMetrics } from './process-metrics.js'
import { type Reading, single } from './reading.js'

export interface MetricsOptions {
  /** may reject as long as the gateway has not started */
  readonly status: () => Promise<GatewayStatus>
  readonly ready: () => Promise<boolean>
  /** also those that are not of metrics: what they failed on is told here */
  readonly observers: Observers
  readonly logRepeats: () => number
  readonly spansDropped: () => number
}

export class Metrics {
  /** Unix time in ms since when is counted */
  readonly startedMs = Date.now()
  readonly #options: MetricsOptions
  readonly #connections = new ConnectionMetrics()
  readonly #messages = new MessageMetrics()
  readonly #gateway = new GatewayMetrics()
  readonly #process = new ProcessMetrics()
  readonly #ends: readonly (() => void)[]

  /** To be made before the first connection is: those that are open already are not among the active ones. */
  constructor(options: MetricsOptions) {
    this.#options = options
    const { observers } = options
    this.#ends = [
      observers.observe(channels.connection, (event) => this.#connections.see(event)),
      observers.observe(channels.message, (message) => this.#messages.see(message)),
      () => this.#process.stop(),
    ]
  }

  /** Never rejects: what cannot be had is missing. */
  async read(): Promise<readonly Reading[]> {
    const { status, ready, observers, logRepeats, spansDropped } = this.#options
    const [gatewayStatus, isReady, processReadings] = await Promise.all([
      status().catch(() => undefined),
      ready().catch(() => undefined),
      this.#process.readings(),
    ])
    return [
      ...this.#connections.readings(),
      ...this.#messages.readings(),
      ...(gatewayStatus === undefined ? [] : this.#gateway.readings(gatewayStatus, Date.now())),
      single(instruments.ready, isReady === undefined ? undefined : Number(isReady)),
      single(instruments.logRepeats, logRepeats()),
      single(instruments.observerFailures, observers.failures),
      single(instruments.spansDropped, spansDropped()),
      ...processReadings,
    ]
  }

  stop(): void {
    for (const end of this.#ends) end()
  }
}
