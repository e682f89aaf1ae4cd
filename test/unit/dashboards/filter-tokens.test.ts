import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokensOf } from '../../../dashboards/live/views/trace/editor/tokens.js'

const kindsOf = (text: string) => tokensOf(text).map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`)

test('a filter is coloured by what its pieces are', () => {
  assert.deepEqual(kindsOf('if ($si == "203.0.113.0/24" && $socket_in(port) == 5061) # one\n  exit;'), [
    'keyword if',
    'variable $si',
    'text "203.0.113.0/24"',
    'variable $socket_in(port)',
    'number 5061',
    'comment # one',
    'keyword exit',
  ])
})

test('keywords and variables in a text or a comment are neither', () => {
  assert.deepEqual(kindsOf('"if $si" // drop\n/* exit */'), ['text "if $si"', 'comment // drop', 'comment /* exit */'])
})

test('half of a text is coloured as far as it goes', () => {
  assert.deepEqual(kindsOf('if ("never ended\ndrop'), ['keyword if', 'text "never ended', 'keyword drop'])
  assert.deepEqual(kindsOf('/* never ended\ndrop'), ['comment /* never ended\ndrop'])
  assert.deepEqual(kindsOf('$(si'), ['variable $(si'])
})
