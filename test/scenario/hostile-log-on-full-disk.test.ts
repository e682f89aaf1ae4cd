/** Standard error goes to a disk that is full: log lines are lost, and nothing else. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mainPath } from '../support/gateway-process.js'
import { freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const fullDisk = '/dev/full'
const skip = existsSync(fullDisk) ? false : `this system has no ${fullDisk}`

test('the gateway starts, runs and stops', { skip }, async (t) => {
  const dir = tempDir(t)
  const [port, apiPort] = [await freePort(), await freePort()]
  const config = {
    socket: [`tls:127.0.0.1:${port}`],
    state_dir: join(dir, 'state'),
    log: { level: 'debug', format: 'json' },
    api: { listen: `127.0.0.1:${apiPort}` },
  }
  const file = join(dir, 'gateway.yaml')
  writeFileSync(file, JSON.stringify(config))
  const command = ['run', '--config', file]
  const gateway = startProcess(t, 'sh', ['-c', `exec "$0" "$@" 2>${fullDisk}`, process.execPath, mainPath, ...command])
  const health = async () => (await fetch(`http://127.0.0.1:${apiPort}/healthz`)).ok
  await until('the gateway to run', health)
  gateway.signal('SIGHUP') // more to say
  assert.ok(await health())
  assert.deepEqual(await gateway.stop(), { code: 0, signal: null })
})
