import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { editorSchema } from '../../../src/config/json-schema.js'
import { configurationReference } from '../../../src/config/reference.js'
import { fileSchema } from '../../../src/config/schema.js'
import type { Setting } from '../../../src/config/settings.js'
import { fromRepository, staleFiles } from '../../support/generate-docs.js'
import { repoRoot } from '../../support/paths.js'

const pathOf = (file: { readonly path: string }) => file.path

test('generated files are what the code gives', () => {
  assert.deepEqual(staleFiles().map(pathOf), [], 'regenerate them: npm run docs')
})

for (const [path, edited] of [
  ['config/hepgate.schema.json', '"trace_filter_route"'],
  ['docs/configuration.md', '| `trace_filter_route` |'],
  ['docs/causes.md', '| `not-tls` |'],
  ['docs/events.md', '| `queue-full` |'],
  ['docs/route-script.md', '| `$socket_in(ip)` |'],
] as const) {
  test(`a generated line of ${path} that was edited by hand is noticed, and mended without a change beside it`, () => {
    const text = fromRepository(path)
    assert.ok(text.includes(edited))
    const stale = staleFiles((asked) => (asked === path ? text.replace(edited, 'edited') : fromRepository(asked)))
    assert.deepEqual(stale, [{ path, text }])
  })
}

test('a page that lost the place of its table is refused', () => {
  const without = (mark: string) => () =>
    staleFiles((path) => fromRepository(path).replaceAll(mark, path.endsWith('events.md') ? '' : mark))
  assert.throws(without('<!-- Generated'), /docs\/events\.md lacks <!-- Generated from src\/destinations\/ledger\.ts/)
  assert.throws(without('<!-- end -->'), /docs\/events\.md lacks /)
})

test('the editor schema is JSON Schema only and accepts the shipped file', () => {
  const schema = JSON.parse(editorSchema())
  const own = /"(kind|unit|defaultNote|hint|secret|namePattern|item|section)":/
  assert.doesNotMatch(editorSchema(), own)
  const shipped = parse(readFileSync(join(repoRoot, 'config/hepgate.yaml'), 'utf8'))
  assert.deepEqual([...Value.Errors(schema, shipped)], [])
})

test('the editor schema refuses what the loader refuses', () => {
  const schema = JSON.parse(editorSchema())
  const good = { socket: 'tls:0.0.0.0' }
  assert.ok(Value.Check(schema, good))
  for (const bad of [
    {},
    { ...good, tls_port: 1 },
    { ...good, proto_tls: { tls_port: 0 } },
    { ...good, log: { level: 'x' } },
  ]) {
    assert.ok(!Value.Check(schema, bad), JSON.stringify(bad))
  }
})

/** Every setting of the file by its key, sections included. */
function settings(setting: Setting, key: string): [string, Setting][] {
  switch (setting.kind) {
    case 'section':
      return [[key, setting], ...Object.entries(setting.properties).flatMap(([k, s]) => settings(s, k))]
    case 'either':
      return settings(setting.section, key)
    case 'list':
      return [[key, setting], ...(setting.item.kind === 'text' ? [] : settings(setting.item, key))]
    default:
      return [[key, setting]]
  }
}

test('every setting has a help text, and a row on the reference page', () => {
  const page = configurationReference()
  const all = settings(fileSchema, '')
  assert.ok(all.length > 90)
  for (const [key, setting] of all) {
    assert.match(setting.description, /^\S.*\.$/s, key)
    if (key !== '') assert.ok(page.includes(`| \`${key}\` |`), key)
  }
})
