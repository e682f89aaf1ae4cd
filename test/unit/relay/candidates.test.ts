import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpstreamConfig } from '../../../src/config/types.js'
import { type Candidate, Candidates } from '../../../src/relay/candidates.js'
import { type Resolve, Upstream } from '../../../src/relay/upstreams.js'

function upstream(host: string, resolve?: Resolve): Upstream {
  const config: UpstreamConfig = { uri: `sip:${host}`, host, port: 5060, transport: 'tcp', priority: 0, weight: 1 }
  return new Upstream(config, undefined, resolve)
}

async function all(upstreams: readonly Upstream[]): Promise<Candidate[]> {
  const walk = new Candidates(upstreams)
  const found: Candidate[] = []
  for (let next = await walk.next(); next !== undefined; next = await walk.next()) found.push(next)
  return found
}

test('every address of every upstream once, in order', async () => {
  const a = upstream('a.example', async () => ['192.0.2.1', '192.0.2.2'])
  const b = upstream('192.0.2.9')
  const addresses = (await all([a, b])).map((candidate) => 'address' in candidate && candidate.address.ip)
  assert.deepEqual(addresses, ['192.0.2.1', '192.0.2.2', '192.0.2.9'])
})

test('an address needs no resolver and no turn of the event loop', () => {
  const unused = async (): Promise<string[]> => assert.fail('asked the resolver for an address')
  const next = new Candidates([upstream('2001:db8::5', unused)]).next()
  assert.ok(next !== undefined && !(next instanceof Promise))
})

test('a name that does not resolve is a candidate with its failure, and the walk goes on', async () => {
  const bad = upstream('bad.example', async () => {
    throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })
  })
  const empty = upstream('empty.example', async () => [])
  const found = await all([bad, empty, upstream('192.0.2.9')])
  assert.deepEqual(
    found.map((candidate) => ('failure' in candidate ? candidate.failure.cause : candidate.address.ip)),
    ['dns-failed', 'dns-failed', '192.0.2.9'],
  )
})

test('answers of the resolver are kept for some seconds, failures are not', async () => {
  let asked = 0
  const named = upstream('a.example', async () => {
    asked++
    if (asked === 1) throw new Error('try again')
    return ['192.0.2.1']
  })
  for (let i = 0; i < 5; i++) await all([named])
  assert.equal(asked, 2)
})
