/**
 * `npm run demo` and `npm run screenshots`: compiles the tests into a directory of its own, as test/run.mjs does, puts
 * the dashboard that `npm run build` made beside them, and runs the compiled program until it ends or is interrupted.
 * What it does not know itself it passes on: `npm run demo -- --phones 50`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const args = process.argv.slice(2)
const program = args.includes('--screenshots') ? 'screenshots' : 'main'

const build = mkdtempSync(join(root, 'build-demo-'))
process.on('exit', () => rmSync(build, { recursive: true, force: true }))

const tsc = join(root, 'node_modules/.bin/tsc')
const info = join(build, '.tsbuildinfo')
const compiled = spawnSync(tsc, ['-p', 'test/tsconfig.json', '--outDir', build, '--tsBuildInfoFile', info], {
  cwd: root,
  stdio: 'inherit',
})
if (compiled.status !== 0) process.exit(1)
cpSync(join(root, 'dist/dashboards'), join(build, 'src/dashboards'), { recursive: true })

const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    join(build, `test/demo/${program}.js`),
    ...args.filter((argument) => argument !== '--screenshots'),
  ],
  { cwd: root, stdio: 'inherit' },
)
// A terminal interrupts the whole group: the child ends by itself, and this waits for it.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.once('exit', (code) => process.exit(code ?? 1))
