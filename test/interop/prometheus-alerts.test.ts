/** promtool takes the configuration and the alerts we ship, and each alert fires on what it is for and on nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { prometheusFile } from '../support/prometheus.js'
import { alertsFile, alertTestsFile } from '../support/prometheus-queries.js'

const skip = lacks('promtool')

for (const [what, args] of [
  ['accepts the configuration', ['check', 'config', '--syntax-only', prometheusFile]],
  ['accepts the alerts', ['check', 'rules', '--lint-fatal', alertsFile]],
  ['finds that every alert fires when it should, and only then', ['test', 'rules', alertTestsFile]],
] as const) {
  test(`promtool ${what}`, { skip }, async () => {
    const { code, stdout, stderr } = await runProcess(peer('promtool'), args)
    assert.equal(code, 0, stdout + stderr)
  })
}
