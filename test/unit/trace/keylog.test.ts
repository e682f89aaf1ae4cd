import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { KeylogFile } from '../../../src/trace/keylog.js'
import { TraceStateFile } from '../../../src/trace/state-file.js'
import { clientRandomLine, FakeLog, trafficSecretLine } from './fakes.js'

const root = mkdtempSync(join(tmpdir(), 'hepgate-trace-'))
after(() => rmSync(root, { recursive: true }))

let files = 0
function newPath(): string {
  return join(root, `file-${files++}`)
}

function mode(path: string): number {
  return statSync(path).mode & 0o777
}

test('lines are appended in order, one to a line, readable by the owner only', async () => {
  const path = newPath()
  const log = new FakeLog()
  for (const line of [clientRandomLine, trafficSecretLine]) {
    const file = new KeylogFile(path, log)
    file.write(line)
    file.write(`${line} again`)
    await file.close()
    assert.deepEqual(file.counters, { written: 2, lost: 0 })
  }
  const lines = [clientRandomLine, `${clientRandomLine} again`, trafficSecretLine, `${trafficSecretLine} again`]
  assert.equal(readFileSync(path, 'utf8'), `${lines.join('\n')}\n`)
  assert.equal(mode(path), 0o600)
  assert.deepEqual(log.lines, [])
})

test('a file that was readable by others no longer is', async () => {
  const path = newPath()
  writeFileSync(path, 'before\n')
  chmodSync(path, 0o644)
  const file = new KeylogFile(path, new FakeLog())
  file.write('line')
  await file.close()
  assert.equal(mode(path), 0o600)
  assert.equal(readFileSync(path, 'utf8'), 'before\nline\n')
})

test('without a line there is no file', async () => {
  const path = newPath()
  await new KeylogFile(path, new FakeLog()).close()
  assert.throws(() => statSync(path), { code: 'ENOENT' })
})

test('after reopen lines go to a new file', async () => {
  const path = newPath()
  const file = new KeylogFile(path, new FakeLog())
  file.write('one')
  await written(file, 1)
  renameSync(path, `${path}.1`)
  file.write('two') // logrotate has moved it, and we do not know yet
  await written(file, 2)
  file.reopen()
  file.write('three')
  await file.close()
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\n')
  assert.equal(readFileSync(path, 'utf8'), 'three\n')
  assert.equal(mode(path), 0o600)
})

test('a disk that fails loses lines, counted, logged once without the keys, and is tried again', async () => {
  const path = newPath()
  mkdirSync(path) // a directory where the file should be
  const log = new FakeLog()
  const file = new KeylogFile(path, log)
  file.write(clientRandomLine)
  await lost(file, 1)
  file.write(clientRandomLine)
  await lost(file, 2)
  assert.equal(log.at('error').length, 1)
  assert.equal(JSON.stringify(log.lines).includes('5e5e'), false)
  rmSync(path, { recursive: true })
  file.write('line')
  await file.close()
  assert.deepEqual(file.counters, { written: 1, lost: 2 })
})

test('lines that come faster than the disk takes them are lost, counted', async () => {
  const file = new KeylogFile(newPath(), new FakeLog())
  const line = 'x'.repeat(1024)
  for (let i = 0; i < 1100; i++) file.write(line)
  await file.close()
  assert.deepEqual(file.counters, { written: 1024, lost: 76 })
})

test('lines after close are lost', async () => {
  const path = newPath()
  const file = new KeylogFile(path, new FakeLog())
  await file.close()
  file.write('late')
  assert.deepEqual(file.counters, { written: 0, lost: 1 })
})

test('the state file remembers, forgets, and is readable by the owner only', () => {
  const dir = join(newPath(), 'made-when-needed')
  const state = new TraceStateFile(dir)
  assert.equal(state.load(), undefined)
  for (const scope of [undefined, { peer: ['203.0.113.0/24'], sni: '*.example.com', user: 'alice', call_id: 'a@b' }]) {
    state.save({ until: 1_800_000_000_000, scope })
    assert.deepEqual(new TraceStateFile(dir).load(), { until: 1_800_000_000_000, scope })
  }
  assert.equal(mode(join(dir, 'trace.json')), 0o600)
  state.save(undefined)
  state.save(undefined)
  assert.equal(state.load(), undefined)
})

test('a state file that holds no time, or a scope that cannot be read, is an error for the log', () => {
  const dir = newPath()
  mkdirSync(dir)
  const scopes = ['null', '7', '{"peer":"10.0.0.1"}', '{"peer":["everybody"]}', '{"user":""}', '{"customer":"alice"}']
  const unreadableScopes = scopes.map((scope) => `{"until":1800000000000,"scope":${scope}}`)
  for (const text of ['{"until":"soon"}', '{}', 'null', '', ...unreadableScopes]) {
    writeFileSync(join(dir, 'trace.json'), text)
    assert.throws(() => new TraceStateFile(dir).load(), text)
  }
})

function written(file: KeylogFile, count: number): Promise<void> {
  return until(() => file.counters.written === count)
}

function lost(file: KeylogFile, count: number): Promise<void> {
  return until(() => file.counters.lost === count)
}

/** Turn by turn of the event loop, until it is so. The runner ends a test that waits in vain. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve))
}
