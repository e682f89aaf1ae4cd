import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { connectionSorts, searchFields } from '../../src/base/live.js'
import { compareIds, PageOfConnections } from '../../src/live/connections/page.js'
import { endpointTest } from '../../src/live/search/addresses.js'
import { compileSearch } from '../../src/live/search/search.js'
import { live, manyConnections, startMicros } from '../unit/live/connections-made-up.js'

const around = { nowMicros: () => startMicros, traced: () => true, usersOf: () => [], connectionsOfCall: () => [] }
const connections = manyConnections(200)

const names = searchFields.map(({ name }) => name)
const piece = fc.oneof(
  fc.constantFrom(
    ...names,
    ...searchFields.map(({ example }) => example),
    '-',
    ':',
    '"',
    '\\',
    ' ',
    '*',
    '/24',
    '[',
    ']',
  ),
  fc.string({ maxLength: 8, unit: 'grapheme' }),
)
const searchText = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

test('any search text is a search or a sentence, and a search answers of every connection', () => {
  fc.assert(
    fc.property(searchText, (search) => {
      const result = compileSearch({ search }, around)
      if ('problem' in result) {
        assert.ok(result.problem.length > 10)
        return
      }
      for (const facts of connections) assert.equal(typeof result.matches(facts), 'boolean')
    }),
    { numRuns: 500 },
  )
})

test('a quoted word is found in the text it was cut from, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 30 }), fc.nat(29), (text, from) => {
      const word = text.slice(Math.min(from, text.length - 1))
      const quoted = `"${word.replace(/["\\]/g, '\\$&')}"`
      const result = compileSearch({ search: `subject:${quoted}` }, around)
      assert.ok('matches' in result, JSON.stringify(result))
      assert.equal(result.matches(live({ peerCertificate: { ...live().peerCertificate!, subject: text } })), true)
      const negated = compileSearch({ search: `-subject:${quoted}` }, around)
      assert.ok('matches' in negated)
      assert.equal(negated.matches(live({ peerCertificate: { ...live().peerCertificate!, subject: text } })), false)
    }),
  )
})

test('an IPv4 network holds what bitwise arithmetic says', () => {
  const octet = fc.nat(255)
  const address = fc.tuple(octet, octet, octet, octet)
  const bits = (octets: number[]): number => octets.reduce((sum, octet) => sum * 256 + octet, 0)
  fc.assert(
    fc.property(address, address, fc.nat(32), (network, ip, prefix) => {
      const mask = prefix === 0 ? 0 : (~0 << (32 - prefix)) >>> 0
      const test = endpointTest(`${network.join('.')}/${prefix}`)
      // half of them near by, or hardly any would be inside
      for (const octets of [ip, [...network.slice(0, 2), ...ip.slice(2)]]) {
        const expected = (bits(octets) & mask) >>> 0 === (bits(network) & mask) >>> 0
        assert.equal(test?.({ ip: octets.join('.'), port: 5061 }), expected)
      }
    }),
  )
})

test('pages of any size are the sorted list cut into pieces', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...connectionSorts),
      fc.boolean(),
      fc.integer({ min: 1, max: 60 }),
      fc.shuffledSubarray(connections, { minLength: 1 }),
      (sort, descending, limit, some) => {
        const shown: string[] = []
        let cursor: string | undefined
        do {
          const page = PageOfConnections.begin({ sort, descending, limit, cursor })
          assert.ok(page instanceof PageOfConnections)
          for (const facts of some) page.offer(facts)
          const { found, next } = page.finish()
          assert.equal(found.length === limit || next === undefined, true)
          shown.push(...found.map(({ id }) => id))
          cursor = next
        } while (cursor !== undefined)
        assert.equal(new Set(shown).size, some.length)
        assert.equal(shown.length, some.length)
        if (sort !== 'opened_at') return
        const byTime = some.map(({ id }) => id).sort(compareIds)
        assert.deepEqual(shown, descending ? byTime.reverse() : byTime)
      },
    ),
    { numRuns: 60 },
  )
})
