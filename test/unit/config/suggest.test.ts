import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../../src/config/suggest.js'

const known = ['tls_port', 'tls_async', 'trace_on', 'level', 'socket']

test('one or two slips are forgiven: a letter more, less, other, or two swapped', () => {
  assert.equal(nearest('tls_prot', known), 'tls_port')
  assert.equal(nearest('tlsport', known), 'tls_port')
  assert.equal(nearest('tls_aysnc', known), 'tls_async')
  assert.equal(nearest('levle', known), 'level')
  assert.equal(nearest('TLS-Port', known), 'tls_port')
  assert.equal(nearest('sockets', known), 'socket')
})

test('a short word must be nearly right, and a far one has no nearest', () => {
  assert.equal(nearest('le', known), undefined)
  assert.equal(nearest('zebra', known), undefined)
  assert.equal(nearest('', known), undefined)
  assert.equal(nearest('x', []), undefined)
})
