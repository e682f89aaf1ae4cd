/**
 * `npm test`: types, lint, then every compiled test file in a process of its own.
 *
 *     node test/run.mjs                      everything
 *     node test/run.mjs unit                 one kind: types, lint, unit, wire, property, scenario, interop, browser
 *     node test/run.mjs unit/sip framer      files whose path contains one of the words
 *     --jobs N                               test files at a time (default: one per core, at most 4)
 *
 * Each run compiles into a directory of its own, so runs and builds may go on side by side. Test
 * files write their results to a file (test/support/reporter.mjs); what they print is shown only
 * when they fail. The last line is always `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installPackages, missingPackages } from './support/peer-files.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const kinds = ['unit', 'wire', 'property', 'scenario', 'interop', 'browser']
/** A file that is not done by then hangs or left something open; the slowest takes a fifth of this. */
const fileTimeoutMs = 180_000

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) } },
})

const totals = { passed: 0, failed: 0 }
/** one line each, repeated at the end */
const failures = []
/** `reason` → how many tests */
const skipped = new Map()
/** process groups that must not outlive us */
const running = new Set()

const build = mkdtempSync(join(root, 'build-test-'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))
process.on('exit', () => {
  for (const child of running) killGroup(child)
  rmSync(build, { recursive: true, force: true })
})

await main()

async function main() {
  const started = Date.now()
  if (wants('types')) {
    await step('types: src', 'tsc', ['-p', 'tsconfig.json', '--noEmit', ...buildInfo('src')])
    await step('types: dashboards', 'tsc', ['-p', 'dashboards/live/tsconfig.json', ...buildInfo('dashboards')])
  }
  const compiled = ['-p', 'test/tsconfig.json', '--outDir', build, ...buildInfo('test')]
  if (words.join() !== 'lint') {
    await step('types: src and test', 'tsc', compiled)
    await step('dashboard', process.execPath, ['dashboards/live/build.mjs', join(build, 'src/dashboards/live')])
  }
  if (wants('lint')) await step('lint', 'biome', ['ci', '--colors=off', '.'])

  const files = testFiles()
  if (files.length === 0 && !wants('types') && !wants('lint')) failed(`no test file matches ${words.join(' ')}`)
  if (files.some((file) => file.startsWith('interop/') || file.startsWith('browser/'))) preparePeers()
  await inParallel(files, Number(options.jobs), runFile)

  for (const [reason, count] of skipped) console.log(`skipped ${count}: ${reason}`)
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((line) => `  ${line}`).join('\n')}`)
  console.log(`\n${Math.round((Date.now() - started) / 1000)} s`)
  console.log(`${totals.passed} passed, ${totals.failed} failed`)
  process.exitCode = totals.failed === 0 ? 0 : 1
}

/** Steps that are not test files run when everything does, or when named. */
function wants(step) {
  return words.length === 0 || words.includes(step)
}

/** tsc's incremental state goes into this run's directory too: the default place belongs to `npm run build`. */
function buildInfo(name) {
  return ['--tsBuildInfoFile', join(build, `.${name}.tsbuildinfo`)]
}

async function step(title, program, args) {
  const started = Date.now()
  const { code, output } = await run(resolve(root, 'node_modules/.bin', program), args)
  report(title, code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }, started, code === 0 ? '' : output)
  if (code === 0) totals.passed++
  else failed(title)
}

function testFiles() {
  const all = kinds.flatMap((kind) => {
    const folder = join(build, 'test', kind)
    return list(folder)
      .filter((file) => file.endsWith('.test.js'))
      .map((file) => relative(join(build, 'test'), join(folder, file)))
      .sort()
  })
  const parts = words.map((word) => word.replace(/^test\//, '').replace(/\.ts$/, '.js'))
  return parts.length === 0 ? all : all.filter((file) => parts.some((part) => file.includes(part)))
}

function list(folder) {
  try {
    return readdirSync(folder, { recursive: true })
  } catch {
    return [] // no tests of this kind
  }
}

function preparePeers() {
  const missing = [...new Set(missingPackages())]
  if (missing.length === 0) return
  console.log(`installing for interop and browser tests: ${missing.join(' ')}`)
  const problem = installPackages(missing)
  if (problem !== undefined) console.log(`not installed (${problem}): tests that need them are skipped`)
}

async function runFile(file) {
  const started = Date.now()
  const results = join(build, 'results', `${file}.jsonl`)
  mkdirSync(join(results, '..'), { recursive: true })
  const { code, output, timedOut } = await run(
    process.execPath,
    [
      '--enable-source-maps',
      `--test-reporter=${join(root, 'test/support/reporter.mjs')}`,
      `--test-reporter-destination=${results}`,
      join(build, 'test', file),
    ],
    fileTimeoutMs,
  )
  const tests = readResults(results)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const details = []
  for (const test of tests) {
    counts[test.outcome]++
    if (test.outcome === 'skipped') skipped.set(test.reason, (skipped.get(test.reason) ?? 0) + 1)
    if (test.outcome !== 'failed') continue
    failures.push(`${file}: ${test.name}`)
    details.push(`✖ ${test.name}\n${indent(test.error)}`)
  }
  // What no single test can tell: the file crashed, hung, left something open, or tests nothing.
  const broken = timedOut
    ? `not over after ${fileTimeoutMs / 1000} s: a test hangs, or something is left open`
    : code !== 0 && counts.failed === 0
      ? `ended with ${code}`
      : tests.length === 0
        ? 'holds no test'
        : undefined
  if (broken !== undefined) {
    counts.failed++
    failures.push(`${file}: ${broken}`)
    details.push(`✖ ${broken}`)
  }
  totals.passed += counts.passed
  totals.failed += counts.failed
  report(file.replace(/\.test\.js$/, ''), counts, started, details.length === 0 ? '' : [...details, output].join('\n'))
}

function readResults(path) {
  try {
    return readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  } catch {
    return [] // it ended before it could report
  }
}

function report(title, counts, started, details) {
  const parts = [`${counts.passed} passed`]
  if (counts.failed > 0) parts.push(`${counts.failed} FAILED`)
  if (counts.skipped > 0) parts.push(`${counts.skipped} skipped`)
  console.log(
    `${counts.failed > 0 ? '✖' : '✔'} ${title.padEnd(48)} ${parts.join(', ').padEnd(24)} ${Date.now() - started} ms`,
  )
  if (details !== '') console.log(indent(details))
}

function failed(line) {
  totals.failed++
  failures.push(line)
}

/** Runs a program in a process group of its own, and ends what it leaves behind: peers, gateways. */
function run(program, args, timeoutMs = 0) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    let timedOut = false
    const timer =
      timeoutMs > 0
        ? setTimeout(() => {
            timedOut = true
            killGroup(child)
          }, timeoutMs)
        : undefined
    child.once('error', (error) => chunks.push(Buffer.from(`${program}: ${error.message}\n`)))
    child.once('exit', () => killGroup(child))
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ code: code ?? signal ?? 'error', output: Buffer.concat(chunks).toString(), timedOut })
    })
  })
}

function killGroup(child) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // the group is gone already
  }
}

async function inParallel(items, jobs, work) {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker))
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '    ')
}
