/**
 * All that is measured and exported of a gateway: metrics, and by the standard variables of OpenTelemetry spans, log
 * records and metrics over OTLP. It hangs on the channels; what goes wrong here costs a measurement and nothing
 * else. Where nothing is configured nothing is subscribed, and the SDK is not even loaded.
 */
import type { Channel } from 'node:diagnostics_channel'
import { channels } from '../base/channels.js'
import type { Log } from '../base/log.js'
import type { Observers } from '../base/observers.js'
import type { GatewayStatus } from '../base/status.js'
import type { Config } from '../config/types.js'
import { Metrics } from './metrics/metrics.js'
import { prometheusText } from './metrics/prometheus.js'
import type { Sdk } from './otel/sdk.js'
import { askedFor, contradictions, type Signal } from './otel/signals.js'
import type { SipSpans } from './otel/sip-spans.js'

export interface TelemetryOptions {
  readonly config: Config['telemetry']
  /** of hepgate */
  readonly version: string
  /** proto_hep.hep_node_name: names this instance among others */
  readonly nodeName: string | undefined
  /** component telemetry */
  readonly log: Log
  readonly observers: Observers
  readonly status: () => Promise<GatewayStatus>
  readonly ready: () => Promise<boolean>
  readonly logRepeats: () => number
  /** which signals are asked for; how they are exported the SDK reads from process.env itself */
  readonly env: NodeJS.ProcessEnv
}

/** What a collector that does not answer may hold up a stop by. */
const flushMs = 3_000

export class Telemetry {
  readonly #options: TelemetryOptions
  readonly #unsubscribe: (() => void)[] = []
  readonly #metrics: Metrics | undefined
  #sdk: Sdk | undefined
  #sipSpans: SipSpans | undefined

  /** To be awaited before any socket is open, and before whoever reads `facts.span` subscribes. Never rejects. */
  static async start(options: TelemetryOptions): Promise<Telemetry> {
    const telemetry = new Telemetry(options)
    for (const variable of contradictions(options.env)) {
      options.log.warn({ variable }, 'none is named beside other exporters: the signal is not exported')
    }
    const signals = askedFor(options.env)
    if (signals.size > 0) await telemetry.#export(signals)
    return telemetry
  }

  private constructor(options: TelemetryOptions) {
    this.#options = options
    if (options.config.metrics) {
      this.#metrics = new Metrics({ ...options, spansDropped: () => this.#sipSpans?.dropped ?? 0 })
    }
  }

  /** As Prometheus reads them; undefined: none are measured. */
  async metrics(): Promise<string | undefined> {
    return this.#metrics && prometheusText(await this.#metrics.read())
  }

  /** Exports what is left, 3 s at most. May be called again. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    this.#sipSpans?.stop()
    const sdk = this.#sdk
    this.#sdk = undefined
    if (sdk !== undefined) await this.#flush(sdk)
    this.#metrics?.stop()
  }

  async #export(signals: ReadonlySet<Signal>): Promise<void> {
    const { log } = this.#options
    try {
      const { startSdk } = await import('./otel/sdk.js')
      this.#sdk = startSdk({ ...this.#options, signals, metrics: this.#metrics })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.error({ reason }, 'OpenTelemetry could not be started, nothing is exported: see the OTEL_* variables')
      return
    }
    if (signals.has('traces')) await this.#exportSpans(this.#sdk)
    if (signals.has('logs')) await this.#exportLog(this.#sdk)
    log.info({ signals: [...signals] }, 'exporting by OpenTelemetry')
  }

  async #exportSpans({ tracer, ids }: Sdk): Promise<void> {
    const { ConnectionSpans } = await import('./otel/connection-spans.js')
    const connections = new ConnectionSpans(tracer)
    this.#observe(channels.connection, (event) => connections.see(event))
    const share = this.#options.config.sip_spans
    if (share === 0) return
    const { SipSpans } = await import('./otel/sip-spans.js')
    const spans = new SipSpans({ tracer, ids, share })
    this.#sipSpans = spans
    this.#observe(channels.message, (seen) => spans.see(seen))
    this.#observe(channels.connection, (event) => spans.seeConnection(event))
  }

  async #exportLog({ logger }: Sdk): Promise<void> {
    const { exportLine } = await import('./otel/log-export.js')
    this.#observe(channels.log, (line) => exportLine(logger, line))
  }

  #observe<T>(channel: Channel<unknown, T>, see: (message: T) => void): void {
    this.#unsubscribe.push(this.#options.observers.observe(channel, see))
  }

  async #flush(sdk: Sdk): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<'too long'>((resolve) => {
      timer = setTimeout(resolve, flushMs, 'too long')
    })
    const outcome = await Promise.race([sdk.stop().catch(() => 'failed' as const), tooLong])
    clearTimeout(timer)
    if (outcome !== undefined) {
      this.#options.log.warn({ outcome }, 'what was left could not be exported: the collector did not take it')
    }
  }
}
