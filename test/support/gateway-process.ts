/** The gateway as its users run it: `main.js run --config FILE` in a process of its own. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GatewayStatus } from '../../src/base/status.js'
import { freePort } from './ports.js'
import { startProcess, type TestProcess } from './process.js'
import { lastFirst, type Scope } from './scope.js'
import { tempDir } from './tmp.js'
import { until, within } from './wait.js'

/** dist/main.js as this test run compiled it */
export const mainPath = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** a line of its log, in the format json */
export interface LogLine {
  readonly level: string
  readonly component: string
  readonly msg: string
  readonly [field: string]: unknown
}

export class GatewayProcess {
  constructor(
    readonly process: TestProcess,
    /** the first port of `socket` */
    readonly port: number,
    readonly apiUrl: string,
    /** holds gateway.yaml and the state directory; removed after the test */
    readonly dir: string,
  ) {}

  async status(): Promise<GatewayStatus> {
    return (await (await fetch(`${this.apiUrl}/api/v1/status`)).json()) as GatewayStatus
  }

  async put(path: string, body: object): Promise<Response> {
    return fetch(this.apiUrl + path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  /** What it has logged so far: whole lines, without what it prints for people between them. */
  logLines(): LogLine[] {
    const lines = this.process.output.split('\n').slice(0, -1)
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine)
  }

  /** Ends it as an init system would, and sees that it ends well: beyond a deadline of its own it ends with another code. */
  async stop(): Promise<void> {
    this.process.signal('SIGTERM')
    const exit = await within('the gateway to end', this.process.ended)
    assert.deepEqual(exit, { code: 0, signal: null }, this.process.output)
  }
}

/** The defaults of OpenSIPS (100 ms) are short for a machine that runs tests beside each other. */
const patient = { tls_handshake_timeout: 10_000, tls_send_timeout: 10_000 }

/**
 * Starts a gateway and waits until it runs. `config` is the file's content (YAML reads JSON); a TLS
 * socket on a free port, an API without a rate limit (tests ask until something is so), a state directory and patient
 * time limits are added where it names none.
 */
export async function startGatewayProcess(
  test: Scope,
  config: Record<string, unknown>,
  apiPort?: number,
): Promise<GatewayProcess> {
  const scope = lastFirst(test) // what it still writes would stand in the way of removing its directory
  const dir = tempDir(scope)
  const port = await freePort()
  const api = apiPort ?? (await freePort())
  const complete = {
    socket: [`tls:127.0.0.1:${port}`],
    state_dir: join(dir, 'state'),
    // a line for each message would be most of what a test prints
    log: { level: 'debug', format: 'json', levels: { sip: 'info' } },
    ...config,
    api: { listen: `127.0.0.1:${api}`, rate_limit: 0, ...(config.api as object | undefined) },
    proto_tls: { ...patient, ...(config.proto_tls as object | undefined) },
    limits: { drain_timeout: 500, ...(config.limits as object | undefined) },
  }
  writeFileSync(configFile(dir), JSON.stringify(complete, null, 2))
  return runGateway(scope, dir, port, api)
}

/** Another process in place of one that has ended, by the same file and state directory, as an init system would start it. */
export function startAgain(
  scope: Scope,
  { process: before, dir, port, apiUrl }: GatewayProcess,
): Promise<GatewayProcess> {
  assert.ok(!before.running, 'the gateway still runs')
  return runGateway(scope, dir, port, Number(new URL(apiUrl).port))
}

async function runGateway(scope: Scope, dir: string, port: number, apiPort: number): Promise<GatewayProcess> {
  const file = configFile(dir)
  const child = startProcess(scope, process.execPath, ['--enable-source-maps', mainPath, 'run', '--config', file])
  const gateway = new GatewayProcess(child, port, `http://127.0.0.1:${apiPort}`, dir)
  await until('the gateway to run', async () => {
    if (!child.running) return true
    return (await gateway.status()).state === 'running'
  })
  assert.ok(child.running, `the gateway ended at once:\n${child.output}`)
  return gateway
}

/** `dir` of a gateway holds it. */
export function configFile(dir: string): string {
  return join(dir, 'gateway.yaml')
}
