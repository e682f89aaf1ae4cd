import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Side } from '../../../src/base/facts.js'
import type { Connection } from '../../../src/tls/connection.js'
import { ConnectionPool, type PoolTarget } from '../../../src/tls/pool.js'

/** A connection as far as the pool looks at one. */
function connection(
  more: { identities?: string[]; ip?: string; side?: Side; state?: Connection['state'] } = {},
): Connection {
  const facts = {
    direction: more.identities === undefined ? 'out' : 'in',
    side: more.side ?? 'edge',
    peer: { ip: more.ip ?? '192.0.2.7', port: 40_000 },
    peerIdentities: more.identities ?? [],
  }
  return { facts, state: more.state ?? 'open' } as unknown as Connection
}

function setState(of: Connection, state: Connection['state']): void {
  ;(of as { state: Connection['state'] }).state = state
}

function target(
  change: { ip?: string; port?: number; transport?: 'tcp' | 'tls'; host?: string; side?: Side } = {},
): PoolTarget {
  const { ip = '192.0.2.7', port = 5061, transport = 'tls', host = 'a.example', side = 'edge' } = change
  return { address: { ip, port }, transport, side, host }
}

test('a connection is found by address, port and transport', () => {
  const pool = new ConnectionPool(false)
  const open = connection()
  pool.add(target(), 'a', open)
  assert.equal(pool.find(target(), 'a'), open)
  for (const other of [
    target({ ip: '192.0.2.8' }),
    target({ port: 5062 }),
    target({ transport: 'tcp' }),
    target({ side: 'core' }),
  ]) {
    assert.equal(pool.find(other, 'a'), undefined, JSON.stringify(other))
  }
})

test('at an address that both sides lead to, each side has its own: what is meant for strangers never takes that of a server', () => {
  const pool = new ConnectionPool(false)
  const [ofCore, ofEdge] = [connection({ side: 'core' }), connection({ side: 'edge' })]
  pool.add(target({ side: 'core' }), '', ofCore)
  assert.equal(pool.find(target({ side: 'edge' }), ''), undefined)
  pool.add(target({ side: 'edge' }), '', ofEdge)
  assert.equal(pool.find(target({ side: 'core' }), ''), ofCore)
  assert.equal(pool.find(target({ side: 'edge' }), ''), ofEdge)
})

test('one that is opening is found too, but an open one first, and the newest of those', () => {
  const pool = new ConnectionPool(false)
  const [older, newer, opening] = [connection(), connection(), connection({ state: 'opening' })]
  pool.add(target(), '', opening)
  assert.equal(pool.find(target(), ''), opening)
  pool.add(target(), '', older)
  pool.add(target(), '', newer)
  pool.add(target(), '', connection({ state: 'opening' }))
  assert.equal(pool.find(target(), ''), newer)
  setState(newer, 'ending')
  assert.equal(pool.find(target(), ''), older)
})

test('one that is ending or closed never is', () => {
  const pool = new ConnectionPool(false)
  const ended = connection({ identities: ['a.example'] })
  pool.add(target(), '', ended)
  pool.addAlias(ended, 5061)
  for (const state of ['ending', 'closed'] as const) {
    setState(ended, state)
    assert.equal(pool.find(target(), ''), undefined, state)
  }
})

test('without the check another identity at the same address gets the same connection', () => {
  const pool = new ConnectionPool(false)
  const ofA = connection()
  pool.add(target(), 'identity of a', ofA)
  assert.equal(pool.find(target({ host: 'b.example' }), 'identity of b'), ofA)
})

test('with it each identity has its own', () => {
  const pool = new ConnectionPool(true)
  const [ofA, ofB] = [connection(), connection()]
  pool.add(target(), 'identity of a', ofA)
  assert.equal(pool.find(target({ host: 'b.example' }), 'identity of b'), undefined)
  pool.add(target({ host: 'b.example' }), 'identity of b', ofB)
  assert.equal(pool.find(target(), 'identity of a'), ofA)
  assert.equal(pool.find(target({ host: 'b.example' }), 'identity of b'), ofB)
})

for (const check of [false, true]) {
  test(`an alias serves whom its certificate names and nobody else (check ${check})`, () => {
    const pool = new ConnectionPool(check)
    const accepted = connection({ identities: ['a.example', '192.0.2.7'] })
    assert.equal(pool.addAlias(accepted, 5061), true)
    assert.equal(pool.find(target({ host: 'A.Example.' }), 'whatever'), accepted)
    for (const other of [
      target({ host: 'b.example' }),
      target({ host: 'x.a.example' }),
      target({ host: '192.0.2.7' }),
      target({ port: 40_000 }),
      target({ ip: '192.0.2.8' }),
      target({ transport: 'tcp' }),
    ]) {
      assert.equal(pool.find(other, 'whatever'), undefined, JSON.stringify(other))
    }
  })
}

test('an alias is of the side its client connected to', () => {
  const pool = new ConnectionPool(false)
  const accepted = connection({ identities: ['a.example'], side: 'edge' })
  pool.addAlias(accepted, 5061)
  assert.equal(pool.find(target({ side: 'core' }), ''), undefined)
  assert.equal(pool.find(target({ side: 'edge' }), ''), accepted)
})

test('no alias without a verified name, and none on a connection we opened', () => {
  const pool = new ConnectionPool(false)
  assert.equal(pool.addAlias(connection({ identities: [] }), 5061), false)
  const opened = connection()
  opened.facts.peerIdentities = ['a.example']
  assert.equal(pool.addAlias(opened, 5061), false)
  assert.equal(pool.find(target(), ''), undefined)
})

test('a connection has four aliases at most, and asking again for one is no other', () => {
  const pool = new ConnectionPool(false)
  const accepted = connection({ identities: ['a.example'] })
  const answers = [5061, 5062, 5061, 5063, 5064, 5065, 5064].map((port) => pool.addAlias(accepted, port))
  assert.deepEqual(answers, [true, true, true, true, true, false, true])
  assert.equal(pool.find(target({ port: 5065 }), ''), undefined)
})

test('what is removed is found nowhere, and leaves the others', () => {
  const pool = new ConnectionPool(false)
  const [gone, stays] = [connection({ identities: ['a.example'] }), connection()]
  pool.add(target(), '', stays)
  pool.addAlias(gone, 5061)
  pool.addAlias(gone, 5062)
  assert.equal(pool.find(target(), ''), gone)
  pool.remove(gone)
  pool.remove(gone)
  assert.equal(pool.find(target(), ''), stays)
  assert.equal(pool.find(target({ port: 5062 }), ''), undefined)
  pool.remove(stays)
  assert.equal(pool.find(target(), ''), undefined)
})
