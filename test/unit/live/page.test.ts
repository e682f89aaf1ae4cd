import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { connectionSorts } from '../../../src/base/live.js'
import { compareIds, type FoundPage, PageOfConnections, type PageQuery } from '../../../src/live/connections/page.js'
import { live, manyConnections } from './connections-made-up.js'

function pageOf(connections: Iterable<ConnectionFacts>, changes: Partial<PageQuery> = {}): FoundPage {
  const page = PageOfConnections.begin({ sort: 'opened_at', descending: false, limit: 10, ...changes })
  assert.ok(page instanceof PageOfConnections, JSON.stringify(page))
  for (const facts of connections) page.offer(facts)
  return page.finish()
}

/** All pages, one after the other; `between` runs after each. */
function allPages(
  connections: () => Iterable<ConnectionFacts>,
  changes: Partial<PageQuery>,
  between = () => {},
): ConnectionFacts[] {
  const rows: ConnectionFacts[] = []
  let page = pageOf(connections(), changes)
  for (;;) {
    rows.push(...page.found)
    if (page.next === undefined) return rows
    between()
    page = pageOf(connections(), { ...changes, cursor: page.next })
  }
}

const ids = (connections: readonly ConnectionFacts[]): string[] => connections.map(({ id }) => id)

describe('pages', () => {
  const connections = manyConnections(500)

  for (const sort of connectionSorts) {
    for (const descending of [false, true]) {
      test(`by ${sort}${descending ? ', descending' : ''} show every connection once, in one order`, () => {
        const rows = allPages(() => connections, { sort, descending, limit: 37 })
        assert.deepEqual(ids(rows).sort(compareIds), ids(connections).sort(compareIds))
        assert.deepEqual(ids(rows), ids(pageOf(connections.toReversed(), { sort, descending, limit: 500 }).found))
      })
    }
  }

  test('begin with the smallest, or descending with the largest', () => {
    const handshakes = (descending: boolean) =>
      pageOf(connections, { sort: 'handshake_ms', descending, limit: 500 }).found.map((f) => f.handshakeMs ?? -1)
    assert.deepEqual(
      handshakes(false),
      handshakes(false).toSorted((a, b) => a - b),
    )
    assert.deepEqual(handshakes(true), handshakes(false).reverse())
    const newest = connections.at(-1)!.id
    assert.equal(pageOf(connections, { descending: true }).found[0]!.id, newest)
  })

  test('say how many match and when there are no more', () => {
    const first = pageOf(connections, { limit: 499 })
    assert.deepEqual([first.found.length, first.total, typeof first.next], [499, 500, 'string'])
    const last = pageOf(connections, { limit: 499, cursor: first.next })
    assert.deepEqual([last.found.length, last.total, last.next], [1, 500, undefined])
    assert.equal(pageOf(connections, { limit: 500 }).next, undefined)
    assert.deepEqual(pageOf([]), { found: [], total: 0, next: undefined })
  })

  test('lose none of those that stay when others close between them, and show those that came behind', () => {
    const open = new Map(connections.map((facts) => [facts.id, facts]))
    const gone = new Set<string>()
    let page = 0
    const rows = allPages(
      () => open.values(),
      { sort: 'tls_sni', limit: 37 },
      () => {
        // also the one the cursor names
        for (const id of [...open.keys()].filter((_, n) => n % 5 === page % 5).slice(0, 20)) {
          open.delete(id)
          gone.add(id)
        }
        page++
      },
    )
    const shown = ids(rows)
    assert.ok(gone.size > 100)
    assert.equal(new Set(shown).size, shown.length)
    for (const id of open.keys()) assert.ok(shown.includes(id), id)
  })
})

test('peers are sorted as numbers, IPv6 behind IPv4, and equal values by conn_id', () => {
  const peers = ['10.0.0.2', '9.255.0.1', '192.0.2.1', '2001:db8::1', '10.0.0.10']
  const connections = peers.map((ip) => live({ peer: { ip, port: 5060 } }))
  const sorted = pageOf(connections, { sort: 'peer' }).found.map(({ peer }) => peer.ip)
  assert.deepEqual(sorted, ['9.255.0.1', '10.0.0.2', '10.0.0.10', '192.0.2.1', '2001:db8::1'])
  const twins = ['99', '1000', '9', '100'].map((id) => live({ id, peer: { ip: '192.0.2.1', port: 1 } }))
  assert.deepEqual(ids(pageOf(twins, { sort: 'peer' }).found), ['9', '99', '100', '1000'])
})

test('conn_ids are compared as the numbers of 64 bits that they are', () => {
  assert.ok(compareIds('9', '10') < 0)
  assert.ok(compareIds('9223372036854775807', '9223372036854775806') > 0)
  assert.equal(compareIds('10', '10'), 0)
})

test('a cursor that does not fit is refused', () => {
  const cursor = pageOf(manyConnections(20), { sort: 'bytes', descending: true }).next!
  const refused = (changes: Partial<PageQuery>) => {
    const page = PageOfConnections.begin({ sort: 'bytes', descending: true, limit: 10, ...changes })
    return 'problem' in page && /cursor/.test(page.problem)
  }
  assert.equal(refused({ cursor }), false)
  assert.equal(refused({ cursor, descending: false }), true)
  assert.equal(refused({ cursor, sort: 'peer' }), true)
  const forged = [null, [], ['bytes', true, null, '1'], ['bytes', true, 1, 2], ['bytes', true, 1, '1; drop']]
  for (const fields of forged) {
    assert.equal(refused({ cursor: Buffer.from(JSON.stringify(fields)).toString('base64url') }), true)
  }
  assert.equal(refused({ cursor: 'no cursor at all' }), true)
})
