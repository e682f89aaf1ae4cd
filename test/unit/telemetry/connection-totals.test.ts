/** What the status says of connections since start. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { publishConnection } from '../../../src/base/channels.js'
import type { Cause } from '../../../src/base/errors.js'
import type { ConnectionEventName, ConnectionFacts } from '../../../src/base/facts.js'
import { silentLog } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import { ConnectionTotals } from '../../../src/telemetry/metrics/connection-totals.js'
import { facts } from '../../support/destinations.js'

function totals(t: TestContext): ConnectionTotals {
  const counting = new ConnectionTotals(new Observers(silentLog))
  t.after(() => counting.stop())
  return counting
}

/** One event after the other; a cause makes it a failure. */
function publish(about: ConnectionFacts, ...events: (ConnectionEventName | [ConnectionEventName, Cause])[]): void {
  for (const event of events) {
    const [name, cause] = typeof event === 'string' ? [event, undefined] : event
    const status = cause === undefined ? 'SUCCESS' : 'FAILURE'
    if (name === 'CLOSED') about.closed = { cause: cause ?? 'peer-closed', by: 'peer', message: '', durationMs: 1 }
    publishConnection({ name, status, cause, message: '', facts: about })
  }
}

test('what was accepted, opened and closed is counted, an attempt that failed is not open', (t) => {
  const counted = totals(t)
  publish(facts(), 'ACCEPTED', 'STATS', 'CLOSED')
  publish(facts({ direction: 'out' }), 'CONNECT_START', 'CONNECTED')
  publish(facts(), ['ACCEPTED', 'no-shared-cipher'], ['CLOSED', 'no-shared-cipher'])
  assert.deepEqual([counted.accepted, counted.connected, counted.closed], [1, 1, 2])
})

test('a connection that failed is one failure, whatever events say so; an orderly end is none', (t) => {
  const counted = totals(t)
  publish(facts(), ['ACCEPTED', 'no-shared-cipher'], ['CLOSED', 'no-shared-cipher'])
  for (let i = 0; i < 2; i++) publish(facts(), 'ACCEPTED', ['ERROR', 'bad-sip'], ['CLOSED', 'bad-sip'])
  publish(facts(), 'ACCEPTED', 'CLOSED')
  assert.deepEqual(counted.failures, { 'no-shared-cipher': 1, 'bad-sip': 2 })
})

test('stopped, it counts no more', (t) => {
  const counted = totals(t)
  counted.stop()
  publish(facts(), 'ACCEPTED')
  assert.equal(counted.accepted, 0)
})
