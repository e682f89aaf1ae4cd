import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { ClosedConnections } from '../../../src/live/connections/closed.js'
import { clientRandomLine } from '../trace/fakes.js'
import { closedOf, live } from './connections-made-up.js'

const sameHost = (ip: string) => ip

function from(ip: string): ConnectionFacts {
  return closedOf(live({ peer: { ip, port: 5061 } }))
}

/** Adds one for each address, oldest first, and says which stay. */
function kept(ring: ClosedConnections, ...addresses: string[]): string[] {
  for (const ip of addresses) ring.add(from(ip), false, [])
  return Array.from(ring.values(), ({ facts }) => facts.peer.ip)
}

describe('closed connections', () => {
  test('are kept up to the limit, and the oldest go first', () => {
    const hosts = Array.from({ length: 10 }, (_, n) => `192.0.2.${n}`)
    assert.deepEqual(kept(new ClosedConnections(8, sameHost), ...hosts), hosts.slice(2))
    assert.deepEqual(kept(new ClosedConnections(0, sameHost), ...hosts), [])
  })

  test('of one host may fill what nobody else needs', () => {
    const ring = new ClosedConnections(8, sameHost)
    assert.equal(kept(ring, ...Array<string>(20).fill('192.0.2.1')).length, 8)
    assert.deepEqual(kept(ring, ...['a', 'b', 'c']).slice(5), ['a', 'b', 'c'])
  })

  test('of one host that floods take the place of its own', () => {
    const others = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5', '192.0.2.6']
    const ring = new ClosedConnections(8, sameHost)
    const flood = Array<string>(1000).fill('203.0.113.9')
    assert.deepEqual(kept(ring, ...others, ...flood), [...others, '203.0.113.9', '203.0.113.9'])
    assert.equal(ring.size, 8)
  })

  test('count addresses of one customer as one host', () => {
    const ring = new ClosedConnections(8, (ip) => ip.split('::')[0]!)
    const others = ['a', 'b', 'c', 'd', 'e', 'f']
    const flood = Array.from({ length: 1000 }, (_, n) => `2001:db8::${n}`)
    assert.deepEqual(kept(ring, ...others, ...flood).slice(0, 6), others)
  })

  test('are copies: what others do with the facts afterwards is not seen', () => {
    const ring = new ClosedConnections(8, sameHost)
    const facts = closedOf(live({ trace: { verdict: 'trace' } }))
    ring.add(facts, true, [])
    facts.keylog.length = 0
    const closed = ring.get(facts.id)!
    assert.equal(closed.facts.keylog.includes(clientRandomLine), true)
    assert.equal(closed.facts.trace, undefined)
  })

  test('have their key log only when they were traced, and lose it when they leave', () => {
    const ring = new ClosedConnections(1, sameHost)
    const untraced = closedOf(live())
    ring.add(untraced, false, [])
    assert.deepEqual(ring.get(untraced.id)?.facts.keylog, [])

    const traced = closedOf(live())
    ring.add(traced, true, [])
    const held = ring.get(traced.id)!.facts.keylog
    assert.equal(held.length, 2)
    ring.add(from('192.0.2.1'), false, [])
    assert.deepEqual([held, ring.get(traced.id)], [[], undefined])

    const last = closedOf(live())
    ring.add(last, true, [])
    const heldLast = ring.get(last.id)!.facts.keylog
    ring.clear()
    assert.deepEqual([heldLast, ring.size], [[], 0])
  })
})
