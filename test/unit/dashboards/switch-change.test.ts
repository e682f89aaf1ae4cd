import './browser.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TraceStatus } from '../../../src/base/status.js'

const { longer, wantedOf } = await import('../../../dashboards/live/views/trace/switch-change.js')

const status = { trace_mode: 'on', secondsLeft: 90, scope: { user: 'alice' } } as TraceStatus

test('who is connected already is taken in, and it ends by itself, where nobody says otherwise', () => {
  const { for: length, existing, scope } = wantedOf(status)
  assert.deepEqual([length, existing, scope.user], ['10m', true, 'alice'])
})

test('a longer trace is the same trace: its scope stays, and nobody comes in who was left out', () => {
  const { for: length, existing, scope } = longer(status, 600)
  assert.deepEqual([length, existing, scope.user], ['690s', false, 'alice'])
})
