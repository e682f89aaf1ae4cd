/** The log lines a person reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prettyLine } from '../../../src/cli/logger.js'

const time = '2026-01-02T03:04:05.678Z'
const pretty = (fields: object, colour = false) =>
  prettyLine(JSON.stringify({ level: 'info', time, ...fields }), colour)

test('a line has time, level, message and fields', () => {
  assert.equal(
    pretty({ msg: 'peer went', conn_id: '57', reason: 'two words', count: 3, list: ['a'] }),
    '03:04:05.678 info  peer went conn_id=57 reason="two words" count=3 list=["a"]\n',
  )
})

test('an error shows its stack below', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at a' }
  assert.equal(pretty({ level: 'error', msg: 'failed', err }), '03:04:05.678 error failed\n  Error: no\n      at a\n')
})

test('colours are there when asked for', () => {
  assert.match(pretty({ msg: 'x' }, true), /\x1b\[36minfo \x1b\[0m/)
  assert.doesNotMatch(pretty({ msg: 'x' }), /\x1b/)
})

test('what a peer sent cannot steer the terminal', () => {
  const line = pretty({ msg: 'from \x1b[2J', sni: '\x1b]0;owned\x07\x9b2J', more: 'a\nb' })
  assert.equal([...line.slice(0, -1)].filter((c) => /[\x00-\x1f\x7f-\x9f]/.test(c)).length, 0)
})
