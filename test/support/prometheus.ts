/** Prometheus itself, scraping gateways by the configuration we ship, and its query API. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { repoRoot } from './paths.js'
import { peer } from './peers.js'
import { freePort } from './ports.js'
import { startProcess } from './process.js'
import { alertsFile } from './prometheus-queries.js'
import type { Scope } from './scope.js'
import { tempDir } from './tmp.js'
import { until } from './wait.js'

export const prometheusFile = `${repoRoot}config/prometheus/prometheus.yml`

/** Of the API of Prometheus. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  /** seconds and value */
  readonly values: readonly (readonly [number, string])[]
}

export interface EvaluatedRule {
  readonly name: string
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
  readonly state: 'inactive' | 'pending' | 'firing'
}

interface ShippedConfig {
  global: Record<string, string>
  rule_files: string[]
  scrape_configs: {
    job_name: string
    static_configs: { targets: readonly string[] }[]
    authorization: { credentials_file: string }
  }[]
}

export class Prometheus {
  readonly #startedS = Date.now() / 1000

  private constructor(readonly url: string) {}

  /** Scrapes `targets` (`127.0.0.1:8080`) each second with a token; nothing else of the shipped file is changed. */
  static async start(scope: Scope, targets: readonly string[], token: string): Promise<Prometheus> {
    const dir = tempDir(scope)
    const file = join(dir, 'prometheus.yml')
    writeFileSync(join(dir, 'token'), token)
    writeFileSync(file, JSON.stringify(adapted(targets, join(dir, 'token')))) // YAML reads JSON
    const port = await freePort()
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`)
    const process = startProcess(
      scope,
      peer('prometheus'),
      [`--config.file=${file}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`],
      { cwd: dir },
    )
    await until('Prometheus to be ready', async () => {
      assert.ok(process.running, process.output)
      return (await fetch(`${prometheus.url}/-/ready`)).ok
    })
    return prometheus
  }

  /** Series with at least one number, each second from the start to now, as a panel asks for them. */
  async overTime(expr: string): Promise<readonly Series[]> {
    const asked = { query: expr, start: `${this.#startedS}`, end: `${Date.now() / 1000}`, step: '1' }
    const { result } = await this.#ask<{ result: readonly Series[] }>('query_range', asked)
    return result.filter(({ values }) => values.some(([, value]) => value !== 'NaN'))
  }

  /** Series that are a number now. */
  async now(expr: string): Promise<readonly Series[]> {
    const { result } = await this.#ask<{ result: { metric: Series['metric']; value: Series['values'][number] }[] }>(
      'query',
      { query: expr },
    )
    return result.filter(({ value }) => value[1] !== 'NaN').map(({ metric, value }) => ({ metric, values: [value] }))
  }

  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = await this.#ask<{ groups: { rules: EvaluatedRule[] }[] }>('rules', {})
    return groups.flatMap(({ rules }) => rules)
  }

  async #ask<T>(what: string, asked: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${what}?${new URLSearchParams(asked)}`)
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string }
    assert.equal(status, 'success', `${asked.query}: ${error}`)
    return data
  }
}

function adapted(targets: readonly string[], tokenFile: string): ShippedConfig {
  const shipped = parse(readFileSync(prometheusFile, 'utf8')) as ShippedConfig
  const hepgate = shipped.scrape_configs.find(({ job_name }) => job_name === 'hepgate')!
  return {
    global: { ...shipped.global, scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [alertsFile],
    scrape_configs: [{ ...hepgate, static_configs: [{ targets }], authorization: { credentials_file: tokenFile } }],
  }
}
