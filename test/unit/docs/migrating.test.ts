/** The page for those who come from OpenSIPS says what the import really makes, and leaves no parameter of proto_tls out. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commands } from '../../../src/api/mi-commands.js'
import { parseConfig } from '../../../src/config/load.js'
import { instruments } from '../../../src/telemetry/metrics/instruments.js'
import { prometheusName } from '../../../src/telemetry/metrics/prometheus.js'
import { repoRoot } from '../../support/paths.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'

const page = readFileSync(`${repoRoot}docs/migrating-from-opensips.md`, 'utf8')

test('the configuration it shows becomes the one it shows', async (t) => {
  const file = join(tempDir(t), 'opensips.cfg')
  writeFileSync(file, block('opensips'))
  const { code, stdout } = await runHepgate('import', file)
  assert.equal(code, 0)
  const made = stdout.replaceAll(file, 'opensips.cfg').replace(/^(?:#.*\n)+\n/, '')
  assert.equal(made, block('yaml'))
})

test('every parameter of proto_tls is there with its default', () => {
  const { proto_tls } = parseConfig('socket: tls:127.0.0.1')
  for (const [name, value] of Object.entries(proto_tls)) {
    const isUnset = value === undefined || (Array.isArray(value) && value.length === 0)
    const shown = isUnset ? 'none' : String(typeof value === 'boolean' ? Number(value) : value)
    assert.match(page, new RegExp(`^\\| \`${name}\` \\| ${shown}(?: ms)? \\|`, 'm'))
  }
})

test('every command of the management interface is there', () => {
  for (const name of commands.keys()) assert.ok(page.includes(`\`${name}\``), name)
})

test('every metric it names is one', () => {
  const names = new Set(Object.values(instruments).map(prometheusName))
  const named = [...page.matchAll(/`((?:hepgate|process|nodejs)_\w+)(?:\{[^`]*)?`/g)].map(([, name]) => name!)
  assert.ok(named.length > 10)
  for (const name of named.filter((name) => !name.endsWith('_'))) assert.ok(names.has(name), name)
})

/** The first fenced block of a language. */
function block(language: string): string {
  const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? []
  assert.ok(text, language)
  return text
}
