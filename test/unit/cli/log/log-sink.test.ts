/** Lines on their way to a file: in order, bounded while they wait, and told of when they are lost. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { LogSink } from '../../../../src/cli/log/log-sink.js'
import { tempDir } from '../../../support/tmp.js'
import { until } from '../../../support/wait.js'

function sinkTo(t: TestContext, maxHeldChars: number) {
  const file = join(tempDir(t), 'log')
  const fd = openSync(file, 'a')
  t.after(() => closeSync(fd))
  const sink: LogSink = new LogSink(fd, maxHeldChars, (lost) => sink.write(`lost ${lost}\n`))
  return { sink, written: () => readFileSync(file, 'utf8') }
}

test('lines are written in their order', async (t) => {
  const { sink, written } = sinkTo(t, 1000)
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i}\n`)
  for (const line of lines) sink.write(line)
  await until('the last line', () => written() === lines.join(''))
})

test('lines beyond what may wait are lost, and that is told in their place', async (t) => {
  const { sink, written } = sinkTo(t, 10)
  sink.write('first\n') // under way at once: it does not wait
  for (let i = 0; i < 5; i++) sink.write('12345\n')
  await until('the end', () => written() === 'first\n12345\nlost 4\n')
})

test('a flush writes what waits before it returns', async (t) => {
  const { sink, written } = sinkTo(t, 1000)
  sink.write('a\n')
  await until('the first line', () => written() === 'a\n')
  sink.write('b\n')
  sink.write('c\n')
  sink.flush()
  assert.match(written(), /c\n/)
  await until('all lines', () => written().length === 6)
})
