import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { parse, stringify } from 'yaml'
import { UsageError } from '../../src/base/errors.js'
import { hepDestination, parseHepId } from '../../src/config/hep-id.js'
import { parseCidr, parseHostPort, parseIpPort } from '../../src/config/host-port.js'
import { ConfigError, parseConfig } from '../../src/config/load.js'
import { parseDestinationMatch, parseNameMatch, parseSocketMatch, socketMatches } from '../../src/config/match.js'
import { fileSchema } from '../../src/config/schema.js'
import type { Setting } from '../../src/config/settings.js'
import { parseSocket } from '../../src/config/socket.js'
import { parseTlsMethod } from '../../src/config/tls-method.js'
import { parseTrunk } from '../../src/config/trunk.js'
import { alertInfo, parseTrustedDomain, parseTrustHeader } from '../../src/config/trust.js'
import type { Config } from '../../src/config/types.js'
import { parseUpstream } from '../../src/config/upstream.js'
import { configWarnings } from '../../src/config/warnings.js'
import { repoRoot } from '../support/paths.js'

const shippedText = readFileSync(`${repoRoot}config/hepgate.yaml`, 'utf8')

/** The configuration, or undefined when it is refused as it should be: with problems that can be found in the text. */
function outcome(text: string): Config | undefined {
  try {
    const config = parseConfig(text, { file: '/etc/hepgate/hepgate.yaml', env: {}, fileExists: () => false })
    configWarnings(config, text)
    return config
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${error instanceof Error ? error.stack : error}`)
    assert.ok(error.problems.length > 0)
    const lines = text.split('\n').length
    for (const problem of error.problems) {
      assert.ok(problem.line >= 1 && problem.line <= lines, `line ${problem.line} of ${lines}`)
      assert.ok(problem.column >= 1)
      assert.notEqual(problem.message, '')
    }
    return undefined
  }
}

/** Values as an operator may write them where `setting` is expected: mostly right ones, some wrong. */
function written(setting: Setting): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant('*'), fc.string())
  return fc.oneof({ weight: 20, arbitrary: right(setting) }, { weight: 1, arbitrary: anything })
}

function right(setting: Setting): fc.Arbitrary<unknown> {
  switch (setting.kind) {
    case 'flag':
      return fc.constantFrom(0, 1, false, true)
    case 'integer':
      return fc.integer({ min: setting.minimum, max: setting.maximum })
    case 'number':
      return fc.double({ min: setting.minimum, max: setting.maximum, noNaN: true })
    case 'choice':
      return fc.constantFrom(...setting.enum)
    case 'text':
      return fc.oneof(
        fc.constantFrom(...texts),
        fc.constantFrom(...(setting.examples ?? []).filter((e) => typeof e === 'string'), setting.default ?? 'x'),
      )
    case 'list':
      return fc.oneof(written(setting.item), fc.array(written(setting.item), { maxLength: 3 }), fc.constant(null))
    case 'named':
      return fc.dictionary(fc.constantFrom('a', 'f', '__proto__', 'toString', '1', 'a-b'), written(setting.item))
    case 'either':
      return fc.oneof(right(setting.text), right(setting.section))
    case 'section': {
      const model = Object.fromEntries(Object.entries(setting.properties).map(([key, s]) => [key, written(s)]))
      return fc.oneof(fc.record(model, { requiredKeys: [...setting.required] }), fc.record(model, { requiredKeys: [] }))
    }
  }
}

const texts = [
  'tls:127.0.0.1',
  'tls:*:5061 AS a.example',
  'tcp:[::1]:0',
  '[a]10.0.0.2',
  '[b]h;transport=tls',
  'a',
  'f',
  'x.mjs',
  'sip:10.0.0.5',
  'sips:h',
  'udp:10.0.0.6:5060',
  '192.0.2.53',
  'Bellcore-dr1',
  'udp:127.0.0.1',
  '10.0.0.0/8',
  '127.0.0.1:8080',
  'TLSv1_2-',
  'none',
  '*.example.com',
]

test('any values in place of settings give a configuration or its problems', () => {
  fc.assert(
    fc.property(written(fileSchema), (value) => {
      outcome(stringify(value ?? null, { aliasDuplicateObjects: false }))
    }),
    { numRuns: 400 },
  )
})

test('what the loader takes, the schema for editors takes', () => {
  const { socket: _, ...others } = fileSchema.properties
  const sections = Object.entries(others as Record<string, Setting>)
  let accepted = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...sections).chain(([key, setting]) => right(setting).map((value) => ({ [key]: value }))),
      (value) => {
        const text = stringify({ socket: 'tls:127.0.0.1:5099', ...value }, { aliasDuplicateObjects: false })
        if (outcome(text) === undefined) return
        accepted++
        assert.ok(Value.Check(fileSchema, parse(text)), text)
      },
    ),
    { numRuns: 600 },
  )
  assert.ok(accepted > 50, `only ${accepted} accepted`)
})

const edit = fc.record({
  at: fc.nat({ max: shippedText.length }),
  remove: fc.nat({ max: 20 }),
  insert: fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(
      '\n',
      '\t',
      ': ',
      '- ',
      '[',
      '{',
      '"',
      '*',
      '&a ',
      '*a',
      '!!binary ',
      '<<: ',
      '? ',
      '|',
      '---\n',
      '%YAML 1.1\n---\n',
      '\u0000',
    ),
  ),
})

test('the shipped file with anything changed gives a configuration or its problems', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce((t, e) => t.slice(0, e.at) + e.insert + t.slice(e.at + e.remove), shippedText)
      outcome(text)
    }),
    { numRuns: 500 },
  )
})

test('any text gives a configuration or its problems', () => {
  const yamlish = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'socket',
          ': ',
          '\n',
          '  ',
          '- ',
          '[',
          ']',
          '{',
          '}',
          ', ',
          '"',
          "'",
          '#',
          '&a ',
          '*a',
          '|\n',
          '>',
          '? ',
        ),
        fc.constantFrom(
          '!!set ',
          '!!omap ',
          '!!binary ',
          '!!timestamp ',
          '%YAML 1.1\n---\n',
          '---\n',
          '...\n',
          '~',
          '.nan',
          '0x10',
        ),
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlish), (text) => {
      outcome(text)
    }),
    { numRuns: 2000 },
  )
})

test('nesting without end gives problems', () => {
  for (const text of ['['.repeat(20_000), '{a: '.repeat(20_000), '- '.repeat(20_000), 'socket: &a [*a, *a]']) {
    assert.equal(outcome(text), undefined)
  }
})

/** Any text, and texts close to what the parsers read. */
const spelling = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'tls',
          'tcp',
          'udp',
          'sip',
          'sips',
          ':',
          '[',
          ']',
          '*',
          '/',
          ';',
          '=',
          '-',
          ' AS ',
          '.',
          ',',
          '%',
          '@',
        ),
        fc.constantFrom(
          'transport',
          'version',
          'types',
          'auth_key',
          '3',
          '5061',
          '::1',
          '10.0.0.1',
          'a.example',
          'TLSv1_2',
          'none',
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)

const parsers: Record<string, (text: string) => unknown> = {
  parseSocket: (text) => parseSocket(text, 5061),
  parseHepId: (text) => hepDestination(parseHepId(text)),
  parseUpstream: (text) => parseUpstream(text, 5061),
  parseTrunk,
  parseTrustedDomain,
  parseTrustHeader,
  alertInfo: (text) => alertInfo('other', text),
  parseTlsMethod,
  parseHostPort: (text) => parseHostPort(text),
  parseIpPort: (text) => parseIpPort(text, 0),
  parseCidr,
  parseDestinationMatch,
  parseNameMatch: (text) => parseNameMatch(text, true),
  // what is accepted as a match can be compared with sockets
  parseSocketMatch: (text) => socketMatches(parseSocketMatch(text), { ip: '10.0.0.1', port: 5061 }),
}

for (const [name, parser] of Object.entries(parsers)) {
  test(`${name} gives a value or a UsageError for any text`, () => {
    fc.assert(
      fc.property(spelling, (text) => {
        try {
          assert.notEqual(parser(text), undefined)
        } catch (error) {
          assert.ok(error instanceof UsageError, `${error instanceof Error ? error.stack : error}`)
        }
      }),
      { numRuns: 1000 },
    )
  })
}

test('host and port read back as they were written', () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.domain(),
    fc.ipV6().map((ip) => `[${ip}]`),
  )
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65535 }), (written, port) => {
      const { host: read, port: readPort } = parseHostPort(`${written}:${port}`)
      assert.equal(readPort, port)
      if (!written.startsWith('[')) assert.equal(read, written)
    }),
  )
})
