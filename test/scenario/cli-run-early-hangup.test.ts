/** SIGHUP while the gateway is still starting: a supervisor that reloads everything must not end it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mainPath } from '../support/gateway-process.js'
import { startProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'

/** A start that lasts as long as the test wants: the filter is loaded when `go` is there. */
const slowFilter = `
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
console.log('loading the filter')
while (!existsSync(new URL('go', import.meta.url))) await setTimeout(10)
export default () => undefined
`

test('SIGHUP during the start is ignored, and says so; afterwards it reloads', async (t) => {
  const dir = tempDir(t)
  const filter = join(dir, 'filter.mjs')
  writeFileSync(filter, slowFilter)
  const file = join(dir, 'gateway.yaml')
  const config = {
    socket: 'tls:127.0.0.1:0',
    state_dir: join(dir, 'state'),
    proto_tls: { trace_filter_route: filter },
    log: { format: 'json' },
    api: { listen: 'off' },
  }
  writeFileSync(file, JSON.stringify(config))
  const gateway = startProcess(t, process.execPath, [mainPath, 'run', '--config', file])
  await gateway.printed(/loading the filter/)
  gateway.signal('SIGHUP')
  await gateway.printed(/"level":"warn".*SIGHUP before the gateway runs is ignored/)
  writeFileSync(join(dir, 'go'), '')
  await gateway.printed(/hepgate \S+ is ready/)
  assert.doesNotMatch(gateway.output, /configuration reloaded/)
  gateway.signal('SIGHUP')
  await gateway.printed(/"by":"SIGHUP".*configuration reloaded/)
  assert.deepEqual(await gateway.stop(), { code: 0, signal: null })
})
