import assert from 'node:assert/strict'
import { test } from 'node:test'
import { descriptorShortage } from '../../../src/cli/descriptors.js'

const limits = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max processes             127358               127358               processes
Max open files            ${soft.padEnd(20)} 1048576              files
`

test('too few open files for the connections allowed are told, with what to do', () => {
  const told = descriptorShortage(10_000, limits('4096'))
  assert.match(told!, /^4096 files .*max_connections \(10000\) needs 20000: raise it/)
})

test('nothing is told where they are enough, unlimited or unknown', () => {
  assert.equal(descriptorShortage(10_000, limits('20000')), undefined)
  assert.equal(descriptorShortage(10_000, limits('unlimited')), undefined)
  assert.equal(descriptorShortage(10_000, ''), undefined)
})
