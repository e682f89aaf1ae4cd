/** What the documentation shows as configuration, JSON and first commands is what the code takes and prints. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { welcome } from '../../../src/cli/welcome.js'
import { loadConfig, parseConfig } from '../../../src/config/load.js'
import { compileRoutes } from '../../../src/trace/filter/routes.js'
import { repoRoot } from '../../support/paths.js'

const pages = ['README.md', ...readdirSync(`${repoRoot}docs`).map((name) => `docs/${name}`)].filter((page) =>
  page.endsWith('.md'),
)
const textOf = (page: string) => readFileSync(repoRoot + page, 'utf8')

/** The fenced blocks of a language on all pages, named by page and first line. */
function blocks(language: string): { name: string; text: string }[] {
  return pages.flatMap((page) => {
    const text = textOf(page)
    const fenced = text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
    return Array.from(fenced, (match) => ({
      name: `${page}:${text.slice(0, match.index).split('\n').length}`,
      text: match[1]!,
    }))
  })
}

/** A piece of a configuration made whole: the sections around it, and what every configuration needs. */
function wholeConfig(piece: string): string {
  if (/^socket:/m.test(piece)) return piece
  const placed = /^hep_id:/m.test(piece) ? `proto_hep:\n${piece.replace(/^(?=.)/gm, '  ')}` : piece
  return `socket: tls:127.0.0.1\n${placed}`
}

process.env.HEP_KEY = 'for this test only'
const examples = blocks('yaml')

test('there are examples of configuration', () => {
  assert.ok(examples.length >= 4)
})

for (const { name, text } of examples) {
  test(`the configuration at ${name} is one, and its routes compile`, () => {
    const { routes } = parseConfig(wholeConfig(text), { file: '/etc/hepgate/hepgate.yaml' })
    for (const route of Object.keys(routes)) {
      const compiled = compileRoutes(routes, route)
      assert.ok('filter' in compiled, 'problems' in compiled ? compiled.problems[0]?.message : '')
    }
  })
}

for (const { name, text } of blocks('json')) {
  test(`the JSON at ${name} is JSON`, () => {
    assert.doesNotThrow(() => JSON.parse(text))
  })
}

test('README.md shows the commands that the first start suggests', () => {
  const printed = welcome('0', loadConfig(`${repoRoot}config/hepgate.yaml`), {}, 'hepgate')
  const suggested = printed.slice(printed.indexOf('{ printf'), printed.indexOf('hepgate trace'))
  const readme = textOf('README.md')
    .split('\n')
    .map((line) => line.trim())
  for (const line of suggested.trimEnd().split('\n')) assert.ok(readme.includes(line.trim()), line)
})
