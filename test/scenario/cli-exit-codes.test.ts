/** The executable itself: 0 fine, 1 failed while running, 2 bad usage or configuration. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { mainPath } from '../support/gateway-process.js'
import { repoRoot } from '../support/paths.js'
import { runProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'

const hepgate = (...args: string[]) => runProcess(process.execPath, [mainPath, ...args])

test('--help and --version are fine', async () => {
  const help = await hepgate('--help')
  assert.deepEqual([help.code, help.stderr], [0, ''])
  assert.match(help.stdout, /usage: hepgate COMMAND/)
  const version = await hepgate('--version')
  assert.deepEqual(
    [version.code, version.stdout],
    [0, `${JSON.parse(readFileSync(`${repoRoot}package.json`, 'utf8')).version}\n`],
  )
})

test('no command, an unknown one and an unknown option are bad usage', async () => {
  for (const args of [[], ['start'], ['run', '--confg', 'a.yaml']]) {
    const { code, stdout, stderr } = await hepgate(...args)
    assert.deepEqual([code, stdout], [2, ''])
    assert.notEqual(stderr, '')
  }
})

test('check: fine with the shipped file, bad with a broken one', async (t) => {
  const shipped = await hepgate('check', '--config', `${repoRoot}config/hepgate.yaml`)
  assert.deepEqual([shipped.code, shipped.stderr], [0, ''])
  const broken = join(tempDir(t), 'broken.yaml')
  writeFileSync(broken, 'sockets: tls:0.0.0.0:5061\n')
  const checked = await hepgate('check', '--config', broken)
  assert.equal(checked.code, 2)
  assert.match(checked.stderr, /broken\.yaml:1:1: error: sockets: /)
})

test('run: a broken configuration is bad usage, with every problem', async (t) => {
  const broken = join(tempDir(t), 'broken.yaml')
  writeFileSync(broken, 'socket: tls:0.0.0.0:5061\nproto_tls: { tls_port: 70000, trace_destination: nobody }\n')
  const { code, stdout, stderr } = await hepgate('run', '--config', broken)
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /tls_port/)
  assert.match(stderr, /nobody/)
})

for (const part of ['socket', 'api', 'collector']) {
  test(`run: a port of ${part} that is taken is a configuration to mend`, async (t) => {
    const dir = tempDir(t)
    const taker = createServer().listen(0, '127.0.0.1')
    t.after(() => taker.close())
    await once(taker, 'listening')
    const { port } = taker.address() as AddressInfo
    const portOf = (name: string) => (name === part ? port : 0)
    const file = join(dir, 'taken.yaml')
    const config = {
      socket: `tls:127.0.0.1:${portOf('socket')}`,
      api: { listen: `127.0.0.1:${portOf('api')}` },
      collector: { listen: `tcp:127.0.0.1:${portOf('collector')}` },
      state_dir: dir,
    }
    writeFileSync(file, JSON.stringify(config))
    const { code, stdout, stderr } = await hepgate('run', '--config', file)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, new RegExp(`^hepgate run: .*: port ${port} is taken by another program`, 'm'))
  })
}

test('the compiled file names its interpreter, so that npm can install it as a command', () => {
  assert.match(readFileSync(mainPath, 'utf8'), /^#!\/usr\/bin\/env node\n/)
})

test('run: what is wrong beyond the file itself has the place that check gives it', async (t) => {
  const file = join(tempDir(t), 'broken.yaml')
  writeFileSync(file, 'socket: tls:127.0.0.1:0\nproto_tls: { trace_filter_route: a }\nroutes:\n  a: |\n    dorp;\n')
  const checked = await hepgate('check', '--config', file)
  const { code, stdout, stderr } = await hepgate('run', '--config', file)
  assert.deepEqual([checked.code, code, stdout], [2, 2, ''])
  assert.match(stderr, /^hepgate run: .*broken\.yaml:5:\d+: routes\.a: /)
  assert.equal(checked.stderr.replace(' error:', ''), stderr.replace('hepgate run: ', ''))
})

test('run: a state directory that cannot be is a configuration to mend', async (t) => {
  const dir = tempDir(t)
  const file = join(dir, 'state.yaml')
  writeFileSync(file, 'socket: tls:127.0.0.1:0\napi: { listen: off }\nstate_dir: state.yaml/below\n')
  const { code, stdout, stderr } = await hepgate('run', '--config', file)
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^hepgate run: state_dir: /m)
})
