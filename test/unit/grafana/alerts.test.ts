/** The alerts ask for what the gateway measures, say what to do, and are tested both ways. promtool does the testing. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { repoRoot } from '../../support/paths.js'
import { unknownNames } from '../../support/prometheus-names.js'
import { alertRules, alertTestsFile } from '../../support/prometheus-queries.js'

interface AlertTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
  }[]
}

const rules = alertRules()
const page = 'docs/prometheus-grafana.md'
const sections = Array.from(readFileSync(repoRoot + page, 'utf8').matchAll(/^### (\w+)$/gm), ([, name]) => name!)

test('every alert has a section on the page, and every section an alert', () => {
  assert.deepEqual(
    rules.map(({ alert }) => alert),
    sections,
  )
})

for (const { alert, expr, labels, annotations } of rules) {
  test(`${alert} asks for metrics and labels that we have`, () => {
    assert.deepEqual(unknownNames(expr), [])
    for (const text of Object.values(annotations)) assert.deepEqual(unknownNames(text.replaceAll('\\"', '"')), [])
  })

  test(`${alert} has a severity, says what is wrong and what to do, and where that is explained`, () => {
    assert.match(labels.severity!, /^(critical|warning|info)$/)
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook'])
    assert.match(annotations.summary!, /[^.]$/)
    assert.match(annotations.description!, /\.$/)
    assert.equal(annotations.runbook, `${page}#${alert.toLowerCase()}`)
  })

  test(`${alert} is tested with trouble and without`, () => {
    const { tests } = parse(readFileSync(alertTestsFile, 'utf8')) as AlertTests
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test).filter(({ alertname }) => alertname === alert)
    assert.ok(cases.some(({ exp_alerts }) => exp_alerts.length > 0))
    assert.ok(cases.some(({ exp_alerts }) => exp_alerts.length === 0))
  })
}
