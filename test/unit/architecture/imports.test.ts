import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { computed, type ImportException, importProblems, rules } from '../../support/imports.js'
import { repoRoot } from '../../support/paths.js'

const exceptions: ImportException[] = [
  { from: 'trace/filter/module.ts', to: computed, reason: "loads the operator's own filter module" },
]

const src = `${repoRoot}src/`
const manifest = JSON.parse(readFileSync(`${repoRoot}package.json`, 'utf8')) as { dependencies: Record<string, string> }
const packages = new Set(Object.keys(manifest.dependencies))

test('imports run downward only, as ARCHITECTURE.md says', () => {
  const files = (readdirSync(src, { recursive: true }) as string[])
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(src + path, 'utf8') }))
  assert.ok(files.length > 0)
  assert.deepEqual(importProblems(files, packages, exceptions), [])
})

/** one file, one import, the rule it breaks */
const violations: [rule: string, path: string, text: string][] = [
  ['upward', 'sip/framer.ts', "import { Listener } from '../tls/listener.js'"],
  ['upward', 'base/log.ts', "import type { Via } from '../sip/via.js'"],
  ['upward', 'tls/pool.ts', "export * from '../relay/flow.js'"],
  ['upward', 'relay/edge.ts', "const gateway = await import('../gateway.js')"],
  ['upward', 'cli/run.ts', "import '../main.js'"],
  ['sideways', 'sip/via.ts', "import { chunks } from '../hep/chunks.js'"],
  ['sideways', 'trace/gate.ts', "import { a } from '../sip/via.js'\nimport { connect } from '../tls/connector.js'"],
  ['observer', 'api/server.ts', "let pool: import('../tls/pool.js').Pool"],
  ['config', 'tls/contexts.ts', "import { loadConfig } from '../config/load.js'"],
  ['config', 'config/load.ts', "import { compileRoutes } from '../trace/filter/index.js'"],
  ['impure', 'hep/encode.ts', "import { randomBytes } from 'node:crypto'"],
  ['impure', 'sip/reply.ts', "import Type from 'typebox'"],
  ['impure', 'sip/framer.ts', 'const started = Date.now()'],
  ['package', 'cli/replay.ts', "import hep from 'hep-js'"],
  ['computed', 'trace/filter/module.ts', 'const module = await import(path)'],
  ['unknown', 'util/all.ts', "import { framer } from '../sip/framer.js'"],
]

for (const [rule, path, text] of violations) {
  test(`the check finds: ${rule}, ${path}: ${text.split('\n').at(-1)}`, () => {
    const problems = importProblems([{ path, text }], packages)
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.ok(problems[0]!.startsWith(`${rule}: ${path}`), problems[0])
  })
}

test('every rule of the check is seen to fail', () => {
  assert.deepEqual([...new Set(violations.map(([rule]) => rule))].sort(), [...rules].sort())
})

test('the check accepts what the rules allow', () => {
  const allowed = [
    { path: 'main.ts', text: "import { UsageError } from './base/errors.js'\nimport { run } from './cli/run.js'" },
    { path: 'gateway.ts', text: "import { loadConfig } from './config/load.js'\nimport { Tap } from './trace/tap.js'" },
    { path: 'relay/tunnel.ts', text: "import type { Config } from '../config/types.js'\nimport net from 'node:net'" },
    { path: 'sip/framer.ts', text: "// import { x } from '../tls/x.js'\nimport { Buffer } from 'node:buffer'" },
    { path: 'sip/via.ts', text: "const name = 'process.exit'\nimport { x } from './uri.js'" },
    {
      path: 'api/server.ts',
      text: "import fastify from 'fastify'\nimport type { GatewayView } from '../base/ports.js'",
    },
    { path: 'config/load.ts', text: "import { UsageError } from '../base/errors.js'\nimport { parse } from 'yaml'" },
  ]
  assert.deepEqual(importProblems(allowed, packages), [])
})

test('an exception counts for its import only, and must be needed', () => {
  const files = [{ path: 'tls/pool.ts', text: "import { verdict } from '../trace/gate.js'" }]
  const exception = { from: 'tls/pool.ts', to: 'trace/gate.ts', reason: 'an example' }
  assert.equal(importProblems(files, packages).length, 1)
  assert.deepEqual(importProblems(files, packages, [exception]), [])
  assert.equal(importProblems([], packages, [exception]).length, 1)
})
