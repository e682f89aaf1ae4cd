import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { readTurn } from '../../../src/tls/read-turn.js'

test('what happens in one turn of the event loop has one number, microtasks included', async () => {
  const turn = readTurn()
  assert.equal(readTurn(), turn)
  await Promise.resolve()
  assert.equal(readTurn(), turn)
  await new Promise<void>((done) => process.nextTick(done))
  assert.equal(readTurn(), turn)
})

test('each turn has another number, also when nobody asked in between', async () => {
  const seen = [readTurn()]
  for (let i = 0; i < 3; i++) {
    await nextTurn()
    seen.push(readTurn())
  }
  await nextTurn()
  await nextTurn()
  seen.push(readTurn())
  assert.equal(new Set(seen).size, seen.length, String(seen))
})
