/** docker-compose.yml by the schema of the Compose specification and the rules of dclint, the Dockerfile by a linter of its language. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DCLinter } from 'dclint'
import { validate } from 'dockerfile-utils'
import { composeText } from '../../support/compose.js'
import { repoRoot } from '../../support/paths.js'
import { tempDir } from '../../support/tmp.js'

/** As dclint has it; its own types leave out the endings of their imports, which TypeScript does not follow here. */
interface Linter {
  lintFiles(
    paths: string[],
    recursively: boolean,
  ): { readonly messages: readonly { readonly rule: string; readonly message: string }[] }[]
}

const off = 0
const warning = 1
const linter: Linter = new DCLinter({
  rules: {
    // The file is in the order in which it is read: from the phones inwards, and what watches last.
    'services-alphabetical-order': off,
    'service-dependencies-alphabetical-order': off,
    'service-keys-order': off,
    'top-level-properties-order': off,
    'require-quotes-in-ports': [warning, { quoteType: 'double' }],
  },
  quiet: false,
  debug: false,
  exclude: [],
})
const said = (file: string) => linter.lintFiles([file], false).flatMap(({ messages }) => messages)

test('the schema and the rules have no objections but two, which are as meant', () => {
  const objections = said(join(repoRoot, 'docker-compose.yml')).map(({ rule, message }) => `${rule}: ${message}`)
  assert.deepEqual(objections, [
    // one Homer at a time
    'no-duplicate-exported-ports: Service "homer11" is exporting port "9080" which is already used by service "homer-app".',
    // phones are elsewhere
    'no-unbound-port-interfaces: Service "hepgate" is exporting port "5061:5061" without specifying the interface to listen on.',
  ])
})

test('a key, a value or a condition that Compose does not know is found', (t) => {
  for (const [right, wrong] of [
    ['    read_only: true', '    readonly: true'],
    ['    stop_grace_period: 25s', '    stop_grace_period: [25s]'],
    ['condition: service_healthy', 'condition: service_well'],
  ] as const) {
    assert.ok(composeText.includes(right), right)
    const file = join(tempDir(t), 'docker-compose.yml')
    writeFileSync(file, composeText.replace(right, wrong))
    assert.deepEqual(
      said(file).map(({ rule }) => rule),
      ['invalid-schema'],
      wrong,
    )
  }
})

test('the Dockerfile is one, and a wrong line of it would be found', () => {
  const text = readFileSync(join(repoRoot, 'Dockerfile'), 'utf8')
  const problems = (dockerfile: string) => validate(dockerfile).map(({ message }) => message)
  assert.deepEqual(problems(text), [])
  for (const wrong of ['HEALTHCHECK --evry=5s CMD true', 'EXPOSE port', 'COPY --from=nowhere', 'RUNN true']) {
    assert.equal(problems(`${text}${wrong}\n`).length > 0, true, wrong)
  }
})
