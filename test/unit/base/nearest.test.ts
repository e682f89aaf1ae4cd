import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../../src/base/nearest.js'

const known = ['tls_port', 'tls_async', 'trace_on', 'level', 'socket', 'Ri']

test('one or two slips are forgiven: a letter more, less, other, or two swapped', () => {
  assert.equal(nearest('tls_prot', known), 'tls_port')
  assert.equal(nearest('tlsport', known), 'tls_port')
  assert.equal(nearest('tls_aysnc', known), 'tls_async')
  assert.equal(nearest('levle', known), 'level')
  assert.equal(nearest('sockets', known), 'socket')
})

test('case and dashes are no slips', () => {
  assert.equal(nearest('TLS-Port', known), 'tls_port')
  assert.equal(nearest('ri', known), 'Ri')
})

test('a short word must be nearly right, and a far one has no nearest', () => {
  assert.equal(nearest('ru', known), 'Ri')
  assert.equal(nearest('le', known), undefined)
  assert.equal(nearest('soxxxt', known), undefined)
  assert.equal(nearest('zebra', known), undefined)
  assert.equal(nearest('x', []), undefined)
})

test('another word is not near because it is short', () => {
  assert.equal(nearest('b', ['a']), undefined)
  assert.equal(nearest('', ['a', '']), undefined)
})

test('the nearest counts, and of equally near ones the first', () => {
  assert.equal(nearest('tls_posts', ['tls_ports_out', 'tls_post', 'tls_ports']), 'tls_post')
})

test('a word of any length costs no more than the known words do', () => {
  const started = performance.now()
  assert.equal(nearest('x'.repeat(1_000_000), known), undefined)
  assert.ok(performance.now() - started < 1000)
})
