import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Failure } from '../../../src/base/errors.js'
import type { Dns, HostAddresses, NaptrRecord, SrvRecord } from '../../../src/relay/dns.js'
import { type Destination, type Question, Resolver, type ResolverOptions } from '../../../src/relay/resolver.js'
import { DnsServer } from '../../support/dns-server.js'

/** DNS as plain data: what is not in it does not exist, an Error is no answer. */
interface Zone {
  readonly naptr?: Readonly<Record<string, readonly NaptrRecord[] | Error>>
  readonly srv?: Readonly<Record<string, readonly SrvRecord[] | Error>>
  readonly addresses?: Readonly<Record<string, readonly string[] | Error>>
  readonly ttl?: number
}

interface FakeDns extends Dns {
  readonly asked: string[]
  zone: Zone
}

function dnsOf(zone: Zone): FakeDns {
  const asked: string[] = []
  const answer = async <T>(what: string, found: T | Error | undefined, none: T): Promise<T> => {
    asked.push(what)
    if (found instanceof Error) throw found
    return found ?? none
  }
  const dns: FakeDns = {
    asked,
    zone,
    naptr: (name) => answer<readonly NaptrRecord[]>(`NAPTR ${name}`, dns.zone.naptr?.[name], []),
    srv: (name) => answer<readonly SrvRecord[]>(`SRV ${name}`, dns.zone.srv?.[name], []),
    async addresses(name): Promise<HostAddresses> {
      return { ips: await answer<readonly string[]>(`A ${name}`, dns.zone.addresses?.[name], []), ttl: dns.zone.ttl }
    },
  }
  return dns
}

const lost = Object.assign(new Error('no answer'), { code: 'ETIMEOUT' })
const question = (host: string, rest: Partial<Question> = {}): Question => ({
  host,
  port: undefined,
  transport: undefined,
  secure: false,
  ...rest,
})
const srv = (name: string, port: number, priority = 1, weight = 1): SrvRecord => ({ priority, weight, port, name })
const naptr = (order: number, service: string, replacement: string): NaptrRecord => ({
  order,
  preference: 1,
  flags: 's',
  service,
  replacement,
})

function resolverOf(dns: Dns, options: Partial<ResolverOptions> = {}): Resolver {
  return new Resolver({ dns, servers: [], tlsPort: 5061, random: () => 0.5, ...options })
}

async function found(resolver: Resolver, asked: Question): Promise<string[]> {
  const destinations = await resolver.resolve(asked)
  assert.ok(Array.isArray(destinations), `resolved: ${(destinations as Failure).message}`)
  return texts(destinations as readonly Destination[])
}

function texts(destinations: readonly Destination[]): string[] {
  return destinations.map(({ transport, address, host }) => `${transport} ${address.ip} ${address.port} ${host}`)
}

async function failureOf(resolver: Resolver, asked: Question): Promise<Failure> {
  const answer = await resolver.resolve(asked)
  assert.ok('cause' in answer, 'it failed')
  return answer
}

describe('a numeric host', () => {
  const cases: [name: string, question: Question, expected: string][] = [
    ['is reached by TLS when nothing is said', question('192.0.2.1'), 'tls 192.0.2.1 5061 192.0.2.1'],
    [
      'is reached by TCP when that is said',
      question('192.0.2.1', { transport: 'tcp' }),
      'tcp 192.0.2.1 5060 192.0.2.1',
    ],
    [
      'of sips is reached by TLS, whatever is said',
      question('192.0.2.1', { transport: 'tcp', secure: true }),
      'tls 192.0.2.1 5061 192.0.2.1',
    ],
    ['keeps its port', question('192.0.2.1', { port: 7 }), 'tls 192.0.2.1 7 192.0.2.1'],
    ['may be IPv6, in any spelling', question('2001:DB8:0::1'), 'tls 2001:db8::1 5061 2001:db8::1'],
  ]
  for (const [name, asked, expected] of cases) {
    it(`${name}, at once and without DNS`, () => {
      const dns = dnsOf({})
      const destinations = resolverOf(dns).resolve(asked)
      assert.ok(!(destinations instanceof Promise))
      assert.deepEqual(texts(destinations), [expected])
      assert.deepEqual(dns.asked, [])
    })
  }

  it('is reached at tls_port', () => {
    const destinations = resolverOf(dnsOf({}), { tlsPort: 15061 }).resolve(question('192.0.2.1'))
    assert.deepEqual(texts(destinations as readonly Destination[]), ['tls 192.0.2.1 15061 192.0.2.1'])
  })
})

describe('a name (RFC 3263 §4)', () => {
  it('with a port needs addresses alone', async () => {
    const dns = dnsOf({ addresses: { 'a.example': ['192.0.2.1', '2001:db8::1'] } })
    assert.deepEqual(await found(resolverOf(dns), question('a.example', { port: 5070 })), [
      'tls 192.0.2.1 5070 a.example',
      'tls 2001:db8::1 5070 a.example',
    ])
    assert.deepEqual(dns.asked, ['A a.example'])
  })

  it('with a transport needs no NAPTR, and asks for the SRV records of that transport', async () => {
    const dns = dnsOf({
      srv: { '_sip._tcp.a.example': [srv('one.a.example', 5070)] },
      addresses: { 'one.a.example': ['192.0.2.1'] },
    })
    assert.deepEqual(await found(resolverOf(dns), question('a.example', { transport: 'tcp' })), [
      'tcp 192.0.2.1 5070 a.example',
    ])
    assert.deepEqual(dns.asked, ['SRV _sip._tcp.a.example', 'A one.a.example'])
  })

  it('goes where its NAPTR records want it most', async () => {
    const dns = dnsOf({
      naptr: {
        'a.example': [
          naptr(30, 'SIPS+D2T', '_sips._tcp.elsewhere.example'),
          naptr(20, 'SIP+D2T', '_sip._tcp.elsewhere.example'),
          naptr(10, 'SIP+D2U', '_sip._udp.elsewhere.example'),
        ],
      },
      srv: {
        '_sips._tcp.elsewhere.example': [srv('tls.example', 1)],
        '_sip._tcp.elsewhere.example': [srv('tcp.example', 2)],
        '_sips._tcp.a.example': [srv('tls.example', 3)],
      },
      addresses: { 'tls.example': ['192.0.2.1'], 'tcp.example': ['192.0.2.2'] },
    })
    assert.deepEqual(await found(resolverOf(dns), question('a.example')), ['tcp 192.0.2.2 2 a.example'])
    assert.deepEqual(await found(resolverOf(dns), question('a.example', { secure: true })), [
      'tls 192.0.2.1 1 a.example',
    ])
  })

  it('goes by its own SRV records when what NAPTR points to is not there', async () => {
    const dns = dnsOf({
      naptr: { 'a.example': [naptr(1, 'SIP+D2T', '_sip._tcp.gone.example')] },
      srv: { '_sips._tcp.a.example': [srv('one.a.example', 5070)] },
      addresses: { 'one.a.example': ['192.0.2.1'] },
    })
    assert.deepEqual(await found(resolverOf(dns), question('a.example')), ['tls 192.0.2.1 5070 a.example'])
  })

  it('goes by TLS when nothing chooses, by TCP when it has no TLS, never by both', async () => {
    const both = {
      srv: { '_sips._tcp.a.example': [srv('tls.example', 1)], '_sip._tcp.a.example': [srv('tcp.example', 2)] },
      addresses: { 'tls.example': ['192.0.2.1'], 'tcp.example': ['192.0.2.2'] },
    }
    assert.deepEqual(await found(resolverOf(dnsOf(both)), question('a.example')), ['tls 192.0.2.1 1 a.example'])
    for (const none of [[], [srv('', 0)], [srv('.', 0)]]) {
      const tcpOnly = { ...both, srv: { ...both.srv, '_sips._tcp.a.example': none } }
      assert.deepEqual(await found(resolverOf(dnsOf(tcpOnly)), question('a.example')), ['tcp 192.0.2.2 2 a.example'])
    }
  })

  it('never goes in clear text because the answer about TLS was lost', async () => {
    const dns = dnsOf({
      srv: { '_sips._tcp.a.example': lost, '_sip._tcp.a.example': [srv('tcp.example', 2)] },
      addresses: { 'a.example': ['192.0.2.1'], 'tcp.example': ['192.0.2.2'] },
    })
    assert.deepEqual(await found(resolverOf(dns), question('a.example')), ['tls 192.0.2.1 5061 a.example'])
  })

  it('of sips never goes by TCP', async () => {
    const dns = dnsOf({
      naptr: { 'a.example': [naptr(1, 'SIP+D2T', '_sip._tcp.a.example')] },
      srv: { '_sip._tcp.a.example': [srv('tcp.example', 2)] },
      addresses: { 'a.example': ['192.0.2.1'], 'tcp.example': ['192.0.2.2'] },
    })
    assert.deepEqual(await found(resolverOf(dns), question('a.example', { secure: true })), [
      'tls 192.0.2.1 5061 a.example',
    ])
  })

  for (const [transport, service, port] of [
    ['tls', '_sips', 5061],
    ['tcp', '_sip', 5060],
  ] as const) {
    it(`is its own server where it has no SRV records (${transport})`, async () => {
      const dns = dnsOf({ addresses: { 'a.example': ['192.0.2.1'] } })
      assert.deepEqual(await found(resolverOf(dns), question('a.example', { transport })), [
        `${transport} 192.0.2.1 ${port} a.example`,
      ])
    })

    it(`is not its own server where a record says that it has none (RFC 2782; ${transport})`, async () => {
      const dns = dnsOf({
        srv: { [`${service}._tcp.a.example`]: [srv('.', 0)] },
        addresses: { 'a.example': ['192.0.2.1'] },
      })
      assert.equal((await failureOf(resolverOf(dns), question('a.example', { transport }))).cause, 'dns-failed')
    })
  }

  it('goes to the servers that have an address, when others have none', async () => {
    const dns = dnsOf({
      srv: { '_sips._tcp.a.example': [srv('one.example', 1, 1), srv('two.example', 2, 2), srv('three.example', 3, 3)] },
      addresses: { 'one.example': lost, 'three.example': ['192.0.2.3', '2001:db8::3', '192.0.2.3'] },
    })
    assert.deepEqual(await found(resolverOf(dns), question('a.example')), [
      'tls 192.0.2.3 3 a.example',
      'tls 2001:db8::3 3 a.example',
    ])
  })

  it('is asked for at no more than 16 servers, the preferred ones', async () => {
    const records = Array.from({ length: 40 }, (_, i) => srv(`${i}.example`, 1, 40 - i))
    const addresses = Object.fromEntries(records.map(({ name }, i) => [name, [`192.0.2.${i}`]]))
    const dns = dnsOf({ srv: { '_sips._tcp.a.example': records }, addresses })
    const destinations = await found(resolverOf(dns), question('a.example'))
    assert.deepEqual(
      destinations,
      Array.from({ length: 16 }, (_, i) => `tls 192.0.2.${39 - i} 1 a.example`),
    )
  })

  it('that leads nowhere is a failure that names it and all that was asked', async () => {
    const dns = dnsOf({ srv: { '_sips._tcp.a.example': lost } })
    const { cause, message } = await failureOf(resolverOf(dns), question('a.example'))
    assert.equal(cause, 'dns-failed')
    assert.match(
      message,
      /: a\.example \(NAPTR a\.example: none, SRV _sips\._tcp\.a\.example: ETIMEOUT, SRV _sip\._tcp\.a\.example: none, addresses of a\.example: none\)$/,
    )
  })

  it('that is not answered is a failure after 5 s', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const silent = new Promise<never>(() => {})
    const dns: Dns = { naptr: () => silent, srv: () => silent, addresses: () => silent }
    let answered = false
    const asking = failureOf(resolverOf(dns), question('a.example')).finally(() => {
      answered = true
    })
    t.mock.timers.tick(4999)
    await new Promise(setImmediate)
    assert.equal(answered, false)
    t.mock.timers.tick(1)
    assert.match((await asking).message, /NAPTR a\.example: no answer yet/)
  })
})

describe('the order', () => {
  const two = (a: number, b: number): Zone => ({
    srv: { '_sips._tcp.a.example': [srv('one.example', 1, 1, a), srv('two.example', 2, 1, b)] },
    addresses: { 'one.example': ['192.0.2.1'], 'two.example': ['192.0.2.2'] },
  })

  /** How many of 10,000 calls try that address first. */
  async function firsts(zone: Zone, ip: string): Promise<number> {
    const resolver = resolverOf(dnsOf(zone))
    let count = 0
    for (let i = 0; i < 10_000; i++) {
      const [first] = await found(resolver, question('a.example', { share: i / 10_000 }))
      if (first?.includes(` ${ip} `)) count++
    }
    return count
  }

  it('is by priority', async () => {
    const dns = dnsOf({
      srv: { '_sips._tcp.a.example': [srv('b.example', 2, 20, 100), srv('a.example', 1, 10, 0)] },
      addresses: { 'a.example': ['192.0.2.1'], 'b.example': ['192.0.2.2'] },
    })
    for (let i = 0; i < 50; i++) {
      assert.deepEqual(await found(resolverOf(dns), question('a.example', { share: i / 50 })), [
        'tls 192.0.2.1 1 a.example',
        'tls 192.0.2.2 2 a.example',
      ])
    }
  })

  it('is by weight among equals: each is first for its share of the calls', async () => {
    const third = await firsts(two(25, 75), '192.0.2.1')
    assert.ok(third > 2300 && third < 2700, `${third} of 10,000 calls for a quarter of the weight`)
    const half = await firsts(two(0, 0), '192.0.2.1')
    assert.ok(half > 4800 && half < 5200, `${half} of 10,000 calls for one of two without weight`)
    const few = await firsts(two(0, 10), '192.0.2.1')
    assert.ok(few < 100, `${few} of 10,000 calls for no weight beside 10`)
  })

  it('is the same for the same share, whatever the order of the records (RFC 3263 §4.4)', async () => {
    const records = ['one', 'two', 'three'].map((name, i) => srv(`${name}.example`, i, 1, 10))
    const addresses = Object.fromEntries(records.map(({ name }, i) => [name, [`192.0.2.${i}`, `192.0.2.10${i}`]]))
    const zone = (list: readonly SrvRecord[]): Zone => ({ srv: { '_sips._tcp.a.example': list }, addresses })
    const rotated = Object.fromEntries(Object.entries(addresses).map(([name, ips]) => [name, ips.toReversed()]))
    for (let i = 0; i < 20; i++) {
      const asked = question('a.example', { share: i / 20 })
      const expected = await found(resolverOf(dnsOf(zone(records))), asked)
      assert.deepEqual(await found(resolverOf(dnsOf(zone(records.toReversed()))), asked), expected)
      assert.deepEqual(await found(resolverOf(dnsOf({ ...zone(records), addresses: rotated })), asked), expected)
    }
  })

  it('is left to chance without a share', async () => {
    const seen = new Set<string>()
    for (const random of [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) {
      seen.add((await found(resolverOf(dnsOf(two(1, 1)), { random: () => random }), question('a.example'))).join())
    }
    assert.equal(seen.size, 2)
  })

  it('has addresses of the preferred family first, and balances among them', async () => {
    const ips = ['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2']
    const resolver = resolverOf(dnsOf({ addresses: { 'a.example': ips } }))
    const seen = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const order = await found(resolver, question('a.example', { share: i / 50 }))
      assert.ok(order.slice(0, 2).every((text) => text.includes('2001:db8')))
      seen.add(order.join())
    }
    assert.equal(seen.size, 4)
  })

  it('has what failed last, for 30 s', async () => {
    let now = 0
    const dns = dnsOf({
      srv: { '_sips._tcp.a.example': [srv('one.example', 1, 10), srv('two.example', 2, 20)] },
      addresses: { 'one.example': ['192.0.2.1'], 'two.example': ['192.0.2.2'] },
    })
    const resolver = resolverOf(dns, { nowMs: () => now })
    const [first] = (await resolver.resolve(question('a.example'))) as readonly Destination[]
    assert.equal(first?.address.ip, '192.0.2.1')
    resolver.failed(first)
    const firstNow = async (): Promise<string | undefined> => (await found(resolver, question('a.example')))[0]
    assert.equal(await firstNow(), 'tls 192.0.2.2 2 a.example')
    now = 29_999
    assert.equal(await firstNow(), 'tls 192.0.2.2 2 a.example')
    now = 30_000
    assert.equal(await firstNow(), 'tls 192.0.2.1 1 a.example')
  })
})

describe('an answer', () => {
  const zone: Zone = { addresses: { 'a.example': ['192.0.2.1'] } }
  const asked = question('a.example', { port: 5061 })

  it('is kept for 30 s, and given at once', async () => {
    let now = 0
    const dns = dnsOf(zone)
    const resolver = resolverOf(dns, { nowMs: () => now })
    await found(resolver, asked)
    now = 29_999
    assert.ok(!(resolver.resolve(asked) instanceof Promise))
    assert.equal(dns.asked.length, 1)
    now = 30_000
    await found(resolver, asked)
    assert.equal(dns.asked.length, 2)
  })

  for (const [ttl, seconds] of [
    [0, 1],
    [7, 7],
    [86_400, 300],
  ] as const) {
    it(`with a TTL of ${ttl} s is kept for ${seconds} s`, async () => {
      let now = 0
      const dns = dnsOf({ ...zone, ttl })
      const resolver = resolverOf(dns, { nowMs: () => now })
      await found(resolver, asked)
      now = seconds * 1000 - 1
      await found(resolver, asked)
      assert.equal(dns.asked.length, 1)
      now = seconds * 1000
      await found(resolver, asked)
      assert.equal(dns.asked.length, 2)
    })
  }

  it('by SRV is kept for 30 s at most, whatever the TTL of the addresses', async () => {
    let now = 0
    const dns = dnsOf({
      srv: { '_sips._tcp.a.example': [srv('one.example', 1)] },
      addresses: { 'one.example': ['192.0.2.1'] },
      ttl: 86_400,
    })
    const resolver = resolverOf(dns, { nowMs: () => now })
    await found(resolver, question('a.example'))
    const before = dns.asked.length
    now = 30_000
    await found(resolver, question('a.example'))
    assert.equal(dns.asked.length, before * 2)
  })

  it('that was none is kept for 5 s', async () => {
    let now = 0
    const dns = dnsOf({})
    const resolver = resolverOf(dns, { nowMs: () => now })
    await failureOf(resolver, asked)
    now = 4999
    await failureOf(resolver, asked)
    assert.equal(dns.asked.length, 1)
    now = 5000
    dns.zone = zone
    assert.deepEqual(await found(resolver, asked), ['tls 192.0.2.1 5061 a.example'])
  })

  it('is shared by all who ask meanwhile', async () => {
    const dns = dnsOf(zone)
    const resolver = resolverOf(dns)
    const answers = await Promise.all(Array.from({ length: 50 }, () => found(resolver, asked)))
    assert.equal(dns.asked.length, 1)
    assert.equal(answers.length, 50)
  })

  it('is for one question, whatever the case of the name', async () => {
    const dns = dnsOf(zone)
    const resolver = resolverOf(dns)
    await found(resolver, asked)
    await found(resolver, { ...asked, host: 'A.Example.' })
    assert.equal(dns.asked.length, 1)
    await found(resolver, { ...asked, port: 5062 })
    await found(resolver, { ...asked, transport: 'tcp' })
    await found(resolver, { ...asked, secure: true })
    assert.equal(dns.asked.length, 4)
  })

  it('is forgotten for newer ones after 1,000 names', async () => {
    const dns: Dns = { ...dnsOf({}), addresses: async () => ({ ips: ['192.0.2.1'], ttl: undefined }) }
    const resolver = resolverOf(dns)
    for (let i = 0; i < 1001; i++) await found(resolver, question(`${i}.example`, { port: 5061 }))
    assert.ok(resolver.resolve(question('0.example', { port: 5061 })) instanceof Promise)
    assert.ok(!(resolver.resolve(question('1000.example', { port: 5061 })) instanceof Promise))
  })
})

describe('over real DNS', () => {
  const records = [
    {
      name: 'sip.example',
      type: 'NAPTR',
      order: 1,
      preference: 1,
      flags: 's',
      service: 'SIPS+D2T',
      replacement: '_sips._tcp.sip.example',
    },
    { name: '_sips._tcp.sip.example', type: 'SRV', priority: 1, weight: 1, port: 5071, target: 'one.sip.example' },
    { name: '_sips._tcp.sip.example', type: 'SRV', priority: 2, weight: 1, port: 5072, target: 'two.sip.example' },
    { name: 'one.sip.example', type: 'A', address: '192.0.2.1' },
    { name: 'one.sip.example', type: 'AAAA', address: '2001:db8::1' },
    { name: 'two.sip.example', type: 'A', address: '192.0.2.2', ttl: 2 },
    { name: '_sips._tcp.none.example', type: 'SRV', priority: 0, weight: 0, port: 0, target: '.' },
    { name: 'none.example', type: 'A', address: '192.0.2.9' },
  ] as const

  async function start(t: TestContext, options: Partial<ResolverOptions> = {}): Promise<[DnsServer, Resolver]> {
    const server = await DnsServer.start(t, records)
    return [server, new Resolver({ servers: [server.address], tlsPort: 5061, ...options })]
  }

  it('NAPTR, SRV, A and AAAA lead to every address in order', async (t) => {
    const [, resolver] = await start(t)
    assert.deepEqual(await found(resolver, question('sip.example')), [
      'tls 192.0.2.1 5071 sip.example',
      'tls 2001:db8::1 5071 sip.example',
      'tls 192.0.2.2 5072 sip.example',
    ])
  })

  it('the TTL of an address counts', async (t) => {
    let now = 0
    const [server, resolver] = await start(t, { nowMs: () => now })
    const asked = question('two.sip.example', { port: 5061 })
    await found(resolver, asked)
    const before = server.asked.length
    now = 1999
    await found(resolver, asked)
    assert.equal(server.asked.length, before)
    now = 2000
    await found(resolver, asked)
    assert.equal(server.asked.length, before * 2)
  })

  it('a service that is not offered is not looked for at the host', async (t) => {
    const [, resolver] = await start(t)
    const { message } = await failureOf(resolver, question('none.example', { transport: 'tls' }))
    assert.match(message, /SRV _sips\._tcp\.none\.example: answered/)
  })

  it('a name that is not there, or that no server knows of, fails', async (t) => {
    const [server, resolver] = await start(t)
    assert.match((await failureOf(resolver, question('nobody.example'))).message, /addresses of nobody\.example: none/)
    server.treatment = () => 'server-failure'
    assert.match((await failureOf(resolver, question('sip.example'))).message, /NAPTR sip\.example: ESERVFAIL/)
  })

  it('a server that gives no SRV answers costs no call to the host itself', async (t) => {
    const [server, resolver] = await start(t)
    server.treatment = (text) => (text.startsWith('A') ? 'answer' : 'server-failure')
    assert.deepEqual(await found(resolver, question('two.sip.example')), ['tls 192.0.2.2 5061 two.sip.example'])
  })

  it('a lost packet is made up for', async (t) => {
    const [server, resolver] = await start(t)
    const seen = new Set<string>()
    server.treatment = (text) => {
      if (seen.has(text)) return 'answer'
      seen.add(text)
      return 'silence'
    }
    const asked = question('two.sip.example', { port: 5061 })
    assert.deepEqual(await found(resolver, asked), ['tls 192.0.2.2 5061 two.sip.example'])
  })

  it('a server that never answers fails within 5 s', async (t) => {
    const [server, resolver] = await start(t)
    server.treatment = () => 'silence'
    const started = performance.now()
    const { message } = await failureOf(resolver, question('sip.example', { port: 5061 }))
    assert.match(message, /addresses of sip\.example: ETIMEOUT/)
    assert.ok(performance.now() - started < 5000)
  })

  it('without name servers of our own, the system knows its own names', async () => {
    const resolver = new Resolver({ servers: [], tlsPort: 5061 })
    const destinations = await found(resolver, question('localhost', { port: 5061 }))
    assert.ok(destinations.some((text) => /^tls (127\.0\.0\.1|::1) 5061 localhost$/.test(text)))
  })
})
