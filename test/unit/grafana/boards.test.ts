/** The Grafana boards ask for what the gateway measures, and are laid out as Grafana shows them: without gaps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instruments } from '../../../src/telemetry/metrics/instruments.js'
import { prometheusName } from '../../../src/telemetry/metrics/prometheus.js'
import { unknownNames } from '../../support/prometheus-names.js'
import { type Board, boards, type Panel, queriesOf, selectorsOf } from '../../support/prometheus-queries.js'

const all = boards()
const gridColumns = 24
/** What Grafana has without a plugin, of what we use. */
const corePanels = ['row', 'stat', 'timeseries', 'heatmap', 'state-timeline', 'bargauge', 'table']
/** To a board, or to one panel of it, with what is chosen at the top. */
const boardUrl =
  /^\/d\/([\w-]+)\?(?:viewPanel=(\d+)&)?\$\{datasource:queryparam\}&\$\{job:queryparam\}&\$\{instance:queryparam\}&\$\{__url_time_range\}$/

test('there are four boards, each with an id of its own', () => {
  assert.deepEqual(all.map(({ name }) => name).sort(), [
    'edge-overview',
    'one-gateway',
    'tls-health',
    'tracing-pipeline',
  ])
  for (const { name, uid } of all) assert.equal(uid, `hepgate-${name}`)
})

for (const board of all) {
  test(`${board.name}: its panels fill every line from left to right, and none lies over another`, () => {
    let nextY = 0
    for (const line of linesOf(board)) {
      assert.equal(line[0]!.gridPos.y, nextY, `a gap above ${line[0]!.title}`)
      nextY += lineHeight(line)
    }
    const ids = board.panels.map(({ id }) => id)
    assert.deepEqual(ids, [...new Set(ids)])
  })

  test(`${board.name}: every panel is one of Grafana's own, says what it shows, and has a unit or words for its values`, () => {
    for (const { type, title, description, fieldConfig, targets } of board.panels) {
      assert.ok(corePanels.includes(type), `${title}: ${type}`)
      if (type === 'row') continue
      assert.match(description ?? '', /^\S.*\.$/s, title)
      assert.ok(targets!.length > 0, title)
      const { unit, mappings } = fieldConfig!.defaults
      if (type !== 'heatmap' && type !== 'table') assert.ok(unit !== undefined || mappings !== undefined, title)
    }
    const titles = board.panels.map(({ title }) => title)
    assert.deepEqual(titles, [...new Set(titles)])
  })

  test(`${board.name}: every metric and label it asks for is one that we have`, () => {
    const queries = [...queriesOf(board), ...board.annotations.list, ...definitions(board)]
    for (const { name, expr } of queries) assert.deepEqual(unknownNames(expr), [], `${name}: ${expr}`)
  })

  test(`${board.name}: every query is of the chosen data source, jobs and instances`, () => {
    for (const { title, datasource, targets = [] } of board.panels) {
      for (const one of [datasource, ...targets.map((target) => target.datasource)]) {
        if (one !== undefined) assert.match(one.uid, /^\$\{datasource\}$/, title)
      }
    }
    for (const { name, expr } of [...queriesOf(board), ...board.annotations.list]) {
      const selectors = selectorsOf(expr)
      assert.ok(selectors.length > 0, name)
      for (const { text } of selectors) assert.match(text, /job=~"\$job", instance=~"\$instance"/, `${name}: ${expr}`)
    }
    const variables = board.templating.list.map(({ name }) => name)
    assert.deepEqual(variables, ['datasource', 'job', 'instance'])
  })

  test(`${board.name}: it leads to the others, and marks restarts and reloads`, () => {
    assert.deepEqual(
      board.links.map(({ tags }) => tags),
      [['hepgate']],
    )
    assert.ok(board.tags.includes('hepgate'))
    assert.deepEqual(
      board.annotations.list.map(({ name }) => name),
      ['Restarts', 'Reloads', 'Alerts'],
    )
  })

  test(`${board.name}: its values lead to boards and panels that are there, with what is chosen`, () => {
    for (const { title, fieldConfig } of board.panels) {
      for (const { url } of fieldConfig?.defaults.links ?? []) {
        const [, uid, panel] = boardUrl.exec(url) ?? []
        const target = all.find((one) => one.uid === uid)
        assert.ok(target !== undefined, `${title}: ${url}`)
        assert.ok(panel === undefined || target.panels.some(({ id }) => id === Number(panel)), `${title}: ${url}`)
      }
    }
  })
}

test('each value at the top of the edge overview leads to what explains it', () => {
  const { panels } = all.find(({ name }) => name === 'edge-overview')!
  for (const { type, title, fieldConfig } of panels) {
    if (type === 'stat') assert.equal(fieldConfig!.defaults.links?.length, 1, title)
  }
})

test('every metric is on a board', () => {
  const shown = new Set(
    all.flatMap(queriesOf).flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => withoutSuffix(metric))),
  )
  const hidden = Object.values(instruments)
    .map(prometheusName)
    .filter((name) => !shown.has(name))
  assert.deepEqual(hidden, ['hepgate_reload_time_seconds'], 'the time of reloads is an annotation')
})

/** Panels that begin at the same height, in the order of the file. */
function linesOf({ panels }: Board): readonly (readonly Panel[])[] {
  const heights = [...new Set(panels.map(({ gridPos }) => gridPos.y))]
  return heights.map((y) => panels.filter(({ gridPos }) => gridPos.y === y))
}

function lineHeight(panels: readonly Panel[]): number {
  const names = panels.map(({ title }) => title).join(', ')
  let x = 0
  for (const { gridPos } of panels) {
    assert.equal(gridPos.x, x, names)
    assert.equal(gridPos.h, panels[0]!.gridPos.h, names)
    x += gridPos.w
  }
  assert.equal(x, gridColumns, names)
  return panels[0]!.gridPos.h
}

function definitions({ templating }: Board): { name: string; expr: string }[] {
  return templating.list.flatMap(({ name, definition }) =>
    definition === undefined ? [] : [{ name, expr: definition }],
  )
}

function withoutSuffix(metric: string): string {
  return metric.replace(/_(bucket|sum|count)$/, '')
}
