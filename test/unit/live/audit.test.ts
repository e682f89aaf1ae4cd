import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../../src/base/log.js'
import { AuditList } from '../../../src/live/audit.js'
import { tempDir } from '../../support/tmp.js'

const note = (what: string) => ({ by: 'token on-call 192.0.2.7', action: 'trace-on', what, ok: true })

test('the newest entry comes first, with its time', async (t) => {
  const audit = new AuditList(tempDir(t), silentLog, () => new Date('2026-01-02T03:04:05Z'))
  audit.add(note('first'))
  audit.add({ ...note('second'), until: '2026-01-02T03:14:05.000Z' })
  assert.deepEqual(
    audit.list().map(({ at, what, until }) => [at, what, until]),
    [
      ['2026-01-02T03:04:05.000Z', 'second', '2026-01-02T03:14:05.000Z'],
      ['2026-01-02T03:04:05.000Z', 'first', undefined],
    ],
  )
  assert.equal(audit.list(1).length, 1)
  await audit.close()
})

test('a restart does not forget', async (t) => {
  const dir = tempDir(t)
  const before = new AuditList(dir, silentLog)
  before.add(note('before the restart'))
  await before.close()
  const after = new AuditList(dir, silentLog)
  after.add(note('after it'))
  assert.deepEqual(
    after.list().map(({ what }) => what),
    ['after it', 'before the restart'],
  )
  await after.close()
  assert.equal(statSync(join(dir, 'audit.jsonl')).mode & 0o777, 0o600)
})

test('a line that was cut by a crash is left out, and the others are kept', async (t) => {
  const dir = tempDir(t)
  const before = new AuditList(dir, silentLog)
  before.add(note('whole'))
  await before.close()
  appendFileSync(join(dir, 'audit.jsonl'), '{"at":"2026-01-02T03:04:05Z","by":"x"}\n{"at":"2026')
  assert.deepEqual(
    new AuditList(dir, silentLog).list().map(({ what }) => what),
    ['whole'],
  )
})

test('memory and file are bounded', async (t) => {
  const dir = tempDir(t)
  const audit = new AuditList(dir, silentLog)
  for (let i = 0; i < 600; i++) audit.add(note(`${i} ${'x'.repeat(4000)}`))
  await audit.close()
  assert.equal(audit.list().length, 500)
  assert.ok(audit.list()[0]!.what.startsWith('599 '))
  assert.ok(statSync(join(dir, 'audit.jsonl')).size <= 1 << 20)
  assert.ok(readFileSync(join(dir, 'audit.jsonl.1'), 'utf8').length <= 1 << 20)
})

test('a file that cannot be written is said once, and entries stay in memory', async (t) => {
  const dir = join(tempDir(t), 'state')
  const errors: string[] = []
  const audit = new AuditList(dir, { ...silentLog, error: (_fields, message) => errors.push(message) })
  mkdirSync(join(dir, 'audit.jsonl'), { recursive: true })
  audit.add(note('first'))
  audit.add(note('second'))
  await audit.close()
  assert.equal(errors.length, 1)
  assert.equal(audit.list().length, 2)
})
