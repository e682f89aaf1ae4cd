/** docs/metrics.md has every metric and every label, from the table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Instrument, instruments, labels } from '../../../src/telemetry/metrics/instruments.js'
import { prometheusName } from '../../../src/telemetry/metrics/prometheus.js'
import { fromRepository, staleFiles } from '../../support/generate-docs.js'

const path = 'docs/metrics.md'
const page = fromRepository(path)
const all: readonly Instrument[] = Object.values(instruments)

test('every metric has one row with both its names, and every label one with its values', () => {
  for (const instrument of all) {
    const row = `| \`${prometheusName(instrument)}\`<br>\`${instrument.name}\` |`
    assert.equal(page.split(row).length, 2, row)
  }
  for (const label of Object.keys(labels)) assert.equal(page.split(`\n| \`${label}\` |`).length, 2, label)
})

test('a row that was edited by hand is noticed, and mended', () => {
  const edited = page.replace('hepgate_ready', 'hepgate_alive')
  assert.notEqual(edited, page)
  const stale = staleFiles((asked) => (asked === path ? edited : fromRepository(asked)))
  assert.deepEqual(
    stale.filter((file) => file.path === path),
    [{ path, text: page }],
  )
})
