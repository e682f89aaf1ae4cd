import assert from 'node:assert/strict'
import { test } from 'node:test'
import { weakParts } from '../../../dashboards/live/views/overview/weak.js'

test('who speaks less than TLS 1.2 is one number, apart from who can do no better than 1.2', () => {
  const { deprecated, dated } = weakParts([
    { version: 'TLSv1.2', count: 3, examples: ['203.0.113.1'] },
    { version: 'TLSv1', count: 1, examples: ['203.0.113.2'] },
    { version: 'TLSv1.1', count: 2, examples: ['203.0.113.2', '203.0.113.3'] },
  ])
  assert.deepEqual(deprecated, { count: 3, examples: ['203.0.113.2', '203.0.113.3'] })
  assert.deepEqual(dated, { count: 3, examples: ['203.0.113.1'] })
})

test('nobody is no number', () => {
  const none = { count: 0, examples: [] }
  assert.deepEqual(weakParts([]), { deprecated: none, dated: none })
})
