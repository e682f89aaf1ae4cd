/** What a domain of somebody else's says in DNS: it cannot make a call try thousands of places, nor cost the time to order them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Resolver } from '../../../src/relay/resolver.js'

/** 1000 SRV records, for each target the 4000 addresses that fit into one answer over TCP. */
const hostile = {
  naptr: async () => [],
  srv: async () =>
    Array.from({ length: 1000 }, (_, i) => ({ priority: i % 3, weight: i, port: 5061, name: `t${i}.example` })),
  addresses: async () => ({ ips: Array.from({ length: 4000 }, (_, i) => `198.51.${i >> 8}.${i & 0xff}`), ttl: 60 }),
}

test('of an answer with four million addresses a few hundred are kept', async () => {
  const resolver = new Resolver({ servers: [], tlsPort: 5061, dns: hostile })
  const found = await resolver.resolve({
    host: 'evil.example',
    port: undefined,
    transport: 'tls',
    secure: false,
    share: 0.5,
  })
  assert.ok(Array.isArray(found))
  assert.ok(found.length >= 16 && found.length <= 256, `${found.length} places`)
})
