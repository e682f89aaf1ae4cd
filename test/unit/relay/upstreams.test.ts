import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure } from '../../../src/base/errors.js'
import type { TrunkConfig, UpstreamConfig } from '../../../src/config/types.js'
import type { Probing } from '../../../src/relay/peer.js'
import { Trunk } from '../../../src/relay/trunk.js'
import { Upstream, UpstreamList } from '../../../src/relay/upstreams.js'

const probing: Probing = { intervalMs: 30_000, threshold: 3 }
const refused = failure('connect-refused', 'connection refused')
const missed = failure('keepalive-timeout', 'no answer')

function config(host: string, changes: Partial<UpstreamConfig> = {}): UpstreamConfig {
  return { uri: `sip:${host}`, host, port: 5060, transport: 'tcp', priority: 0, weight: 1, ...changes }
}

function upstream(host: string, changes?: Partial<UpstreamConfig>): Upstream {
  return new Upstream(config(host, changes))
}

function trunk(changes: Partial<TrunkConfig> = {}, probes?: Probing): Trunk {
  const host = 'sip.carrier.example'
  return new Trunk(
    { uri: `sips:${host}`, host, port: undefined, transport: 'tls', keepalive: 30, options: 60, ...changes },
    probes,
  )
}

/** Keys as they come from Call-IDs: neighbours on purpose. */
const keys = Array.from({ length: 20_000 }, (_, i) => 0x5eed0000 + i)

/** How many of the calls each upstream gets, by host, of 1. */
function shares(list: UpstreamList): Record<string, number> {
  const calls: Record<string, number> = {}
  for (const key of keys) {
    const { host } = (list.order(key)[0] as Upstream).config
    calls[host] = (calls[host] ?? 0) + 1 / keys.length
  }
  return calls
}

function hosts(order: readonly Upstream[]): string[] {
  return order.map(({ config }) => config.host)
}

// ── state ──

test('without probes the last connect decides', () => {
  const one = upstream('10.0.0.5')
  assert.equal(one.status().state, 'unknown')
  one.failed(refused)
  assert.deepEqual([one.down, one.status().lastError], [true, 'connect-refused: connection refused'])
  one.connected()
  assert.equal(one.status().state, 'up')
})

test('with probes a connect brings nobody back, an answered probe does', () => {
  const one = new Upstream(config('10.0.0.5'), probing)
  one.connected()
  assert.equal(one.status().state, 'unknown')
  one.failed(refused)
  one.connected()
  assert.equal(one.status().state, 'down')
  one.succeeded(1.5)
  assert.equal(one.status().state, 'up')
})

test('so many missed probes in a row as the threshold says mean down; one in between starts the count anew', () => {
  const one = new Upstream(config('10.0.0.5'), probing)
  one.succeeded(1)
  assert.deepEqual([one.missed(missed), one.missed(missed)], [false, false])
  one.succeeded(1)
  assert.deepEqual([one.missed(missed), one.missed(missed)], [false, false])
  assert.equal(one.status().state, 'up')
  assert.equal(one.missed(missed), true)
  assert.equal(one.status().state, 'down')
})

test('while it stays down, each new connection gets as many probes before it is given up', () => {
  const one = new Upstream(config('10.0.0.5'), probing)
  const givenUp = Array.from({ length: 7 }, () => one.missed(missed))
  assert.deepEqual(givenUp, [false, false, true, false, false, true, false])
  assert.equal(one.down, true)
})

test('status counts connections and probes', () => {
  const one = new Upstream(config('10.0.0.5', { priority: 2, weight: 7 }), probing)
  one.connected()
  one.connected()
  one.disconnected()
  one.succeeded(1)
  one.missed(missed)
  one.succeeded(4.2)
  assert.deepEqual(one.status(), {
    uri: 'sip:10.0.0.5',
    role: 'upstream',
    state: 'up',
    priority: 2,
    weight: 7,
    lastError: 'keepalive-timeout: no answer',
    connections: 1,
    probes: { sent: 3, failed: 1, lastMs: 4.2 },
  })
})

test('a trunk has the same state and counts, and nothing to choose by', () => {
  const one = trunk({}, { intervalMs: 60_000, threshold: 1 })
  one.missed(missed)
  assert.deepEqual(one.status(), {
    uri: 'sips:sip.carrier.example',
    role: 'trunk',
    state: 'down',
    priority: 0,
    weight: 0,
    lastError: 'keepalive-timeout: no answer',
    connections: 0,
    probes: { sent: 1, failed: 1, lastMs: undefined },
  })
  assert.equal(trunk().status().probes, undefined)
})

test('what probes are addressed to: the port where one is known, brackets around IPv6', () => {
  assert.equal(upstream('10.0.0.5').requestUri, 'sip:10.0.0.5:5060')
  assert.equal(upstream('2001:db8::5').requestUri, 'sip:[2001:db8::5]:5060')
  assert.equal(trunk().requestUri, 'sip:sip.carrier.example')
  assert.equal(trunk({ port: 5067 }).requestUri, 'sip:sip.carrier.example:5067')
  assert.equal(trunk({ host: '2001:db8::7' }).requestUri, 'sip:[2001:db8::7]')
})

test('probes are sent where they are configured', () => {
  assert.equal(new Upstream(config('10.0.0.5'), probing).intervalMs, 30_000)
  assert.equal(upstream('10.0.0.5').intervalMs, 0)
})

// ── order ──

test('a lower priority comes first, for every call', () => {
  const list = new UpstreamList([upstream('c', { priority: 5 }), upstream('a'), upstream('b', { priority: 1 })])
  for (const key of keys.slice(0, 100)) assert.deepEqual(hosts(list.order(key)), ['a', 'b', 'c'])
})

test('a call always goes the same way, and that way is there once', () => {
  const make = (): UpstreamList => new UpstreamList(['a', 'b', 'c'].map((host) => upstream(host)))
  const [one, other] = [make(), make()]
  for (const key of keys.slice(0, 500)) {
    assert.equal(one.order(key), one.order(key))
    assert.deepEqual(hosts(one.order(key)), hosts(other.order(key)))
    assert.deepEqual(hosts(one.order(key)).sort(), ['a', 'b', 'c'])
  }
})

for (const weights of [
  { a: 1, b: 1 },
  { a: 3, b: 1 },
  { a: 5, b: 3, c: 2 },
  { a: 90, b: 9, c: 1 },
]) {
  test(`shares follow the weights ${Object.values(weights).join(' : ')}, two percent more or less`, () => {
    const list = new UpstreamList(Object.entries(weights).map(([host, weight]) => upstream(host, { weight })))
    const all = Object.values(weights).reduce((sum, weight) => sum + weight)
    const found = shares(list)
    for (const [host, weight] of Object.entries(weights)) {
      const share = found[host] ?? 0
      assert.ok(Math.abs(share - weight / all) < 0.02, `${host} has ${share} of ${weight / all}`)
    }
  })
}

test('weight 0 gets nothing while another of its priority is up, and everything after', () => {
  const [idle, busy] = [upstream('idle', { weight: 0 }), upstream('busy')]
  const list = new UpstreamList([idle, busy])
  assert.deepEqual(Object.keys(shares(list)), ['busy'])
  busy.failed(refused)
  assert.deepEqual(Object.keys(shares(list)), ['idle'])
})

test('several of weight 0 share among themselves', () => {
  const found = shares(new UpstreamList([upstream('a', { weight: 0 }), upstream('b', { weight: 0 })]))
  assert.ok(Math.abs((found.a ?? 0) - 0.5) < 0.02)
})

test('when one goes down only its calls move, and they move back when those that moved are over', () => {
  let nowMs = 0
  const [a, b, c] = ['a', 'b', 'c'].map((host) => upstream(host)) as [Upstream, Upstream, Upstream]
  const list = new UpstreamList([a, b, c], () => nowMs)
  const before = keys.map((key) => list.order(key)[0])
  b.failed(refused)
  const during = keys.map((key) => list.order(key)[0])
  for (const [i, first] of before.entries()) if (first !== b) assert.equal(during[i], first)
  const moved = before.flatMap((first, i) => (first === b ? [during[i]] : []))
  assert.ok(moved.filter((to) => to === a).length > 0.4 * moved.length)
  assert.ok(moved.filter((to) => to === c).length > 0.4 * moved.length)
  b.connected()
  const now = (): (Upstream | undefined)[] => keys.map((key) => list.order(key)[0])
  assert.deepEqual(now(), during)
  nowMs = 180_000
  assert.deepEqual(now(), before)
})

test('a bucket that had no call meanwhile has nothing to wait for', () => {
  const [a, b] = ['a', 'b'].map((host, priority) => upstream(host, { priority })) as [Upstream, Upstream]
  const list = new UpstreamList([a, b], () => 0)
  a.failed(refused)
  assert.equal(list.order(1)[0], b)
  a.connected()
  assert.deepEqual([list.order(1)[0], list.order(2)[0]], [b, a])
})

test('the three minutes begin with the last call that went elsewhere because the first was down', () => {
  let nowMs = 0
  const [a, b, c] = ['a', 'b', 'c'].map((host, priority) => upstream(host, { priority })) as [
    Upstream,
    Upstream,
    Upstream,
  ]
  const list = new UpstreamList([a, b, c], () => nowMs)
  a.failed(refused)
  list.order(1)
  nowMs = 100_000
  list.order(1)
  a.connected()
  // What is down besides has no say in it, and what goes there meanwhile does not make it longer.
  c.failed(refused)
  for (nowMs = 100_000; nowMs < 280_000; nowMs += 30_000) assert.equal(list.order(1)[0], b)
  nowMs = 280_000
  assert.equal(list.order(1)[0], a)
})

test('when all are down nobody moves: any of them may be back', () => {
  const [a, b] = ['a', 'b'].map((host, priority) => upstream(host, { priority })) as [Upstream, Upstream]
  const list = new UpstreamList([a, b], () => 0)
  for (const one of [a, b]) one.failed(refused)
  assert.equal(list.order(1)[0], a)
  for (const one of [a, b]) one.connected()
  assert.equal(list.order(1)[0], a)
})

test('nor does it go back to where its calls were before: those that went last are those that ring', () => {
  const [a, b] = ['a', 'b'].map((host, priority) => upstream(host, { priority })) as [Upstream, Upstream]
  const list = new UpstreamList([a, b], () => 0)
  a.failed(refused)
  assert.equal(list.order(1)[0], b)
  b.failed(refused)
  assert.equal(list.order(1)[0], a)
  b.connected()
  a.connected()
  assert.equal(list.order(1)[0], a)
})

test('when one is taken out of the configuration only its calls move', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((host) => upstream(host)) as [Upstream, Upstream, Upstream]
  const [three, two] = [new UpstreamList([a, b, c]), new UpstreamList([c, a])]
  for (const key of keys) {
    const before = three.order(key)[0]
    if (before !== b) assert.equal(two.order(key)[0], before)
  }
})

test('those that are down come last, whatever their priority, and are still there when all are', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((host, priority) => upstream(host, { priority }))
  const list = new UpstreamList([a, b, c] as Upstream[])
  a?.failed(refused)
  assert.deepEqual(hosts(list.order(1)), ['b', 'c', 'a'])
  b?.failed(refused)
  c?.failed(refused)
  assert.deepEqual(hosts(list.order(1)), ['a', 'b', 'c'])
})

test('one upstream, or none, is its own order', () => {
  const only = [upstream('a')]
  only[0]?.failed(refused)
  const list = new UpstreamList(only)
  assert.equal(list.order(1), only)
  assert.deepEqual([list.size, [...list]], [1, only])
  assert.deepEqual(new UpstreamList([]).order(1), [])
})

test('any 32 bits are a key', () => {
  const list = new UpstreamList([upstream('a'), upstream('b')])
  for (const key of [0, -1, -(2 ** 31), 2 ** 31, 2 ** 32 - 1]) assert.equal(list.order(key).length, 2)
})

// ── names and addresses ──

test('a URI names an upstream by host, port and transport as far as they are written', () => {
  const tcp = upstream('Core.Example')
  const tls = upstream('core.example', { port: 5061, transport: 'tls' })
  const v6 = upstream('2001:db8::5')
  const list = new UpstreamList([tcp, tls, v6])
  assert.equal(list.named('core.example', 5060, 'tcp'), tcp)
  assert.equal(list.named('core.example', 5061, undefined), tls)
  assert.equal(list.named('core.example', 0, undefined), tcp)
  assert.equal(list.named('core.example', 0, 'tls'), tls)
  assert.equal(list.named('2001:db8::5', 5060, undefined), v6)
  assert.equal(list.named('core.example', 5060, 'tls'), undefined)
  assert.equal(list.named('core.example', 5070, undefined), undefined)
  assert.equal(list.named('example', 0, undefined), undefined)
})

test('a name is recognised by its addresses once it was resolved, the last ones found', async () => {
  let found = ['192.0.2.1', '192.0.2.2']
  const named = new Upstream(config('core.example'), undefined, async () => found)
  const list = new UpstreamList([upstream('10.0.0.5'), named])
  assert.equal(list.listensAt({ ip: '192.0.2.2', port: 5060 }), false)
  await named.addresses()
  found = []
  assert.equal(list.listensAt({ ip: '192.0.2.2', port: 5060 }), true)
  assert.equal(list.listensAt({ ip: '192.0.2.3', port: 5060 }), false)
  assert.equal(list.listensAt({ ip: '10.0.0.5', port: 5060 }), true)
  assert.equal(list.listensAt({ ip: '10.0.0.5', port: 5061 }), false)
  assert.equal(list.named('192.0.2.2', 5060, undefined), named)
  assert.equal(list.listensAt({ ip: 'core.example', port: 5060 }), false)
})

test('many who ask at the same time wait for one lookup', async () => {
  let asked = 0
  const named = new Upstream(config('core.example'), undefined, async () => {
    asked++
    return ['192.0.2.1']
  })
  await Promise.all([named.addresses(), named.addresses(), named.addresses()])
  assert.equal(asked, 1)
})

test('an upstream has a key of its own, which is the same at every start', () => {
  const [one, two] = [upstream('10.0.0.5'), upstream('10.0.0.6')]
  const list = new UpstreamList([one, two])
  assert.notEqual(one.key, two.key)
  assert.match(one.key, /^[0-9a-f]{8}$/)
  assert.equal(upstream('10.0.0.5').key, one.key)
  assert.equal(list.byKey(two.key), two)
  assert.equal(list.byKey('00000000'), undefined)
})

test('of several upstreams at one address the port of the Via decides', () => {
  const other = new Upstream({ ...config('10.0.0.5'), port: 5080 })
  const list = new UpstreamList([upstream('10.0.0.5'), other, upstream('10.0.0.6')])
  assert.equal(list.at('10.0.0.5', 5080), other)
  assert.equal(list.at('10.0.0.5', 5090), undefined)
  assert.equal(list.at('10.0.0.6', 49152)?.config.host, '10.0.0.6')
  assert.equal(list.at('10.0.0.7', 5060), undefined)
})

test('a call that went elsewhere stays there for three minutes after its first upstream is back', () => {
  let nowMs = 0
  const upstreams = [upstream('10.0.0.5'), upstream('10.0.0.6')]
  const list = new UpstreamList(upstreams, () => nowMs)
  const key = 4711
  const [first, second] = list.order(key) as [Upstream, Upstream]
  list.went(key, second)
  assert.deepEqual(list.order(key), [second, first])
  nowMs = 179_999
  assert.equal(list.order(key)[0], second)
  nowMs = 180_000
  assert.equal(list.order(key)[0], first)
})

test('it does not stay with an upstream that is down', () => {
  const list = new UpstreamList([upstream('10.0.0.5'), upstream('10.0.0.6')])
  const [first, second] = list.order(1) as [Upstream, Upstream]
  list.went(1, second)
  second.failed(failure('connect-refused'))
  assert.equal(list.order(1)[0], first)
})
