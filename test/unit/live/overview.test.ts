import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionFacts, TlsFacts } from '../../../src/base/facts.js'
import type { Sample } from '../../../src/base/live.js'
import { breakdownOf } from '../../../src/live/overview/breakdown.js'
import { Overviews } from '../../../src/live/overview/overview.js'
import { healthyStatus, liveFacts, quietSample } from '../../support/watched.js'

const noonMs = 1_800_000_000_000
const no = () => false

function tls(changes: Partial<TlsFacts>): TlsFacts {
  return { ...liveFacts().tls!, ...changes }
}

function overviews(live: ConnectionFacts[], history: Sample[] = []) {
  const scene = { nowMs: noonMs, walks: 0, fails: false }
  const source = new Overviews({
    status: async () => {
      if (scene.fails) throw new Error('not now')
      return healthyStatus()
    },
    facts: () => {
      scene.walks++
      return live
    },
    traced: no,
    history: { since: (t) => history.filter((sample) => sample.t > t) },
    maxConnections: () => 10,
    nowMs: () => scene.nowMs,
  })
  return { scene, source }
}

test('live TLS connections of the edge side are counted by version and cipher', async () => {
  const live = [
    liveFacts(),
    liveFacts({ tls: tls({ version: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256' }) }),
    liveFacts({ direction: 'out' }),
    liveFacts({ side: 'core' }),
    liveFacts({ tls: undefined }),
    liveFacts({ transport: 'tcp', tls: undefined }),
    liveFacts({ transport: 'udp', tls: undefined }),
  ]
  const breakdown = await breakdownOf(live, (facts) => facts.direction === 'out')
  assert.deepEqual(breakdown.versions, { 'TLSv1.3': 2, 'TLSv1.2': 1 })
  assert.deepEqual(breakdown.ciphers, { TLS_AES_256_GCM_SHA384: 2, 'ECDHE-RSA-AES128-GCM-SHA256': 1 })
  assert.deepEqual(breakdown.transports, { tls: 5, tcp: 1, udp: 1 })
  assert.deepEqual(breakdown.directions, { in: 5, out: 1 }, 'over UDP nothing is opened')
  assert.equal(breakdown.traced, 1)
})

test('a client is weak below TLS 1.2, and with TLS 1.2 if it offered nothing better', async () => {
  const hello = liveFacts().hello!
  const old = { tls: tls({ version: 'TLSv1.2' }), hello: { ...hello, versions: ['TLSv1.2', 'TLSv1.1'] } }
  const live = [
    liveFacts({ tls: tls({ version: 'TLSv1' }), peer: { ip: '203.0.113.9', port: 1 } }),
    liveFacts({ tls: tls({ version: 'TLSv1' }), peer: { ip: '203.0.113.9', port: 2 } }),
    liveFacts({ tls: tls({ version: 'TLSv1.1' }), hello: undefined, peer: { ip: '203.0.113.10', port: 1 } }),
    liveFacts({ ...old, peer: { ip: '203.0.113.11', port: 1 } }),
    liveFacts({ tls: tls({ version: 'TLSv1.2' }) }), // it offered 1.3: our choice
    liveFacts(),
  ]
  assert.deepEqual((await breakdownOf(live, no)).weak, [
    { version: 'TLSv1', count: 2, examples: ['203.0.113.9'] },
    { version: 'TLSv1.1', count: 1, examples: ['203.0.113.10'] },
    { version: 'TLSv1.2', count: 1, examples: ['203.0.113.11'] },
  ])
})

test('a few examples of weak clients are enough', async () => {
  const live = Array.from({ length: 50 }, () => liveFacts({ tls: tls({ version: 'TLSv1' }) }))
  const [weak] = (await breakdownOf(live, no)).weak
  assert.equal(weak!.count, 50)
  assert.equal(weak!.examples.length, 5)
})

test('a walk over many connections lets the event loop turn', async () => {
  const live = Array.from({ length: 64 }, () => liveFacts())
  let turns = 0
  let walking = true
  const turn = (): void => {
    turns++
    if (walking) setImmediate(turn)
  }
  setImmediate(turn)
  await breakdownOf(live, () => {
    const end = performance.now() + 1
    while (performance.now() < end);
    return false
  })
  walking = false
  assert.ok(turns > 2, `${turns} turns in 64 ms`)
})

test('an overview is status, attention and breakdown of one moment', async () => {
  const { source } = overviews(
    Array.from({ length: 9 }, () => liveFacts()),
    [quietSample(noonMs / 1000 - 299, { messages_lost: 2 }), quietSample(noonMs / 1000, { loop_ms: 500 })],
  )
  const { at, status, attention, breakdown } = await source.get()
  assert.equal(at, new Date(noonMs).toISOString())
  assert.equal(status.version, '1.2.3')
  assert.deepEqual(
    attention.map(({ code }) => code),
    ['messages-lost', 'connections-near-limit', 'event-loop-slow'],
  )
  assert.equal(breakdown.directions.in, 9)
})

test('all who look within two seconds share one walk', async () => {
  const { scene, source } = overviews([liveFacts()])
  const [first, second] = await Promise.all([source.get(), source.get()])
  scene.nowMs += 1999
  assert.equal(await source.get(), first)
  assert.equal(first, second)
  assert.equal(scene.walks, 1)
  scene.nowMs += 1
  assert.notEqual(await source.get(), first)
  assert.equal(scene.walks, 2)
})

test('an overview is made anew when the clock was set back', async () => {
  const { scene, source } = overviews([liveFacts()])
  await source.get()
  scene.nowMs -= 3_600_000
  await source.get()
  assert.equal(scene.walks, 2)
})

test('an overview that failed is not shared', async () => {
  const { scene, source } = overviews([liveFacts()])
  scene.fails = true
  await assert.rejects(source.get(), /not now/)
  scene.fails = false
  assert.equal((await source.get()).status.version, '1.2.3')
})
