/** The log lines a person reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prettyLine } from '../../../../src/cli/log/pretty.js'

const time = '2026-01-02T03:04:05.678Z'
const pretty = (fields: object, colour = false) =>
  prettyLine(JSON.stringify({ level: 'info', time, component: 'tls', ...fields }), colour)

test('a line has time, level, component, message and fields', () => {
  assert.equal(
    pretty({ msg: 'peer went', conn_id: '57', reason: 'two words', count: 3, list: ['a'] }),
    '03:04:05.678 info  tls       peer went conn_id=57 reason="two words" count=3 list=["a"]\n',
  )
})

test('an error shows its stack below', () => {
  const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at a' }
  assert.equal(
    pretty({ level: 'error', component: 'telemetry', msg: 'failed', err }),
    '03:04:05.678 error telemetry failed\n  Error: no\n      at a\n',
  )
})

test('colours are there when asked for', () => {
  assert.match(pretty({ msg: 'x' }, true), /\x1b\[36minfo \x1b\[0m/)
  assert.doesNotMatch(pretty({ msg: 'x' }), /\x1b/)
})

test('what a peer sent cannot steer the terminal, nor begin a line', () => {
  const stack = 'Error: \x1b[2J\x9b2J\u202e\r\n    at a'
  const line = pretty({
    msg: 'from \x1b[2J',
    sni: '\x1b]0;owned\x07\x9b2J\u202e\u2028',
    more: 'a\nb',
    err: { stack },
  })
  const lines = line.slice(0, -1).split('\n')
  assert.equal(lines.length, 3, 'the line, and the two of the stack')
  for (const one of lines) assert.doesNotMatch(one, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]/)
})
