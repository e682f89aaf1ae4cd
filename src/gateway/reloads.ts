/**
 * Configuration and certificates read again while connections live. Everything new is built first; on a problem
 * nothing is changed. One at a time: the files as they are when the last one begins are what runs in the end.
 */
import type { ApiSettings } from '../api/server.js'
import { UsageError } from '../base/errors.js'
import type { ChangeResult } from '../base/ports.js'
import { ConfigError, loadConfig } from '../config/load.js'
import { reloaded } from '../config/reload.js'
import type { Config } from '../config/types.js'
import { configuredContexts } from '../tls/configured-contexts.js'
import { readIdentity } from '../tls/material.js'
import { configuredFilter } from '../trace/filter/configured.js'
import type { Parts } from './parts.js'
import { upstreamsOf } from './upstreams.js'

export class Reloads {
  readonly #parts: Parts
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Sockets, limits and timeouts need a restart: then the result says so. */
  all(by: string): Promise<ChangeResult> {
    return this.#inTurn(async () => {
      const result = await this.#tried(() => this.#all())
      this.#parts.lastReload = { at: new Date().toISOString(), ...result }
      const what = result.ok ? 'configuration reloaded' : 'reload failed, the old configuration keeps running'
      this.#parts.note({ by, action: 'reload', what: [what, ...result.problems].join('; '), ok: result.ok })
      return result
    })
  }

  /** Certificates, keys and lists of the TLS domains alone. */
  domains(by: string): Promise<ChangeResult> {
    return this.#inTurn(async () => {
      const result = await this.#tried(async () => {
        this.#parts.contexts = await configuredContexts(this.#parts.config, this.#parts.log('tls'))
        return []
      })
      const what = result.ok ? 'TLS domains reloaded' : 'TLS domains not reloaded, the old certificates stay'
      this.#parts.note({ by, action: 'domains-reload', what: [what, ...result.problems].join('; '), ok: result.ok })
      return result
    })
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    await this.#last
  }

  #inTurn(work: () => Promise<ChangeResult>): Promise<ChangeResult> {
    const result = this.#last.then(work)
    this.#last = result
    return result
  }

  async #all(): Promise<readonly string[]> {
    const parts = this.#parts
    const { configPath } = parts.options
    const read = configPath === undefined ? parts.config : loadConfig(configPath)
    const { config, notes } = reloaded(parts.config, read)
    const contexts = await configuredContexts(config, parts.log('tls'))
    const filter = await configuredFilter(config)
    const upstreams = await upstreamsOf(config, parts)
    const useApiSettings = parts.api?.prepare(apiSettings(config))
    // Told to stop meanwhile: what was released must not be kept connected again.
    this.#mustRun()
    // From here on nothing can fail but the destinations, which check before they change anything.
    const { gate, destinations } = parts.running
    destinations.reload(config)
    parts.contexts = contexts
    if (gate.status().filterSource !== 'api') gate.setFilter(filter, 'config')
    parts.upstreams = upstreams
    parts.keylog?.reopen()
    parts.config = config
    parts.logLevels.configure(config.log.levels)
    parts.connections.trustDomains = config.trust.domains
    parts.edge?.use(upstreams, config.relay.trunk)
    useApiSettings?.()
    return notes
  }

  /** What `work` returns are notes; what it throws is a problem, and then nothing has changed. */
  async #tried(work: () => Promise<readonly string[]>): Promise<ChangeResult> {
    try {
      this.#mustRun()
      return { ok: true, problems: await work() }
    } catch (error) {
      return { ok: false, problems: problemsOf(error) }
    }
  }

  #mustRun(): void {
    const { state } = this.#parts
    if (state !== 'running') throw new UsageError(`the gateway is ${state}`)
  }
}

/** Settings of the API as it takes them, with its certificate read. Throws UsageError. */
export function apiSettings({ api }: Config): ApiSettings {
  const { token, tokens, rate_limit, certificate, private_key } = api
  const identity =
    certificate === undefined || private_key === undefined ? undefined : readIdentity(certificate, private_key)
  return { token, tokens, rate_limit, identity }
}

function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map((p) => `line ${p.line}: ${p.path}: ${p.message}`)
  if (error instanceof UsageError) return error.message.split('\n')
  // A state directory that cannot be written, a disk that is full: no reason to end what runs.
  return [error instanceof Error ? error.message : String(error)]
}
