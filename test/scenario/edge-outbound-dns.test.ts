/** RFC 3263, RFC 2782: a request of the core to a domain goes where its DNS says, and to the next place when one cannot be had. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { nothingMoreComes, startEdgeCast } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { sipRequest, startLine, token } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const secure = await SipTrunk.tls(scope, sceneCa.issue({ dns: ['trunk.example.com'] }))
const clear = await SipTrunk.tcp(scope)
const others = await Promise.all([1, 2, 3, 4].map(() => SipTrunk.tcp(scope, '127.0.0.2')))
const dns = await DnsServer.start(scope)
const cast = await startEdgeCast(scope, {
  proto_tls: { tls_port: secure.port },
  tls_mgm: { client_domain: [clientDomain(tempDir(scope), 0, { match_ip_address: ['*'] })] },
  relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
})
const { scene } = cast
const server = await cast.coreServer()

const unresolvable = [
  ['it does not exist', 'nobody.example.com'],
  ['the name server fails', 'failing.example.com'],
  ['the name server is silent', 'silent.example.com'],
] as const
dns.treatment = (question) => {
  if (question.endsWith('failing.example.com')) return 'server-failure'
  return question.endsWith('silent.example.com') ? 'silence' : 'answer'
}
/** Asked for from the beginning, because silence takes its time. */
const asking = new Map(
  await Promise.all(
    unresolvable.map(async ([, name]) => {
      const asker = await cast.coreServer()
      return [name, asker.request({ method: 'MESSAGE', uri: `sip:bob@${name}` })] as const
    }),
  ),
)

/** Domains are never asked for twice: what the gateway keeps of one test is nothing to the others. */
function domain(): string {
  return `${token()}.example.com`
}

function a(name: string, address = '127.0.0.1') {
  return { type: 'A', name, address } as const
}

function srv(name: string, trunk: { host: string; port: number }, priority = 1, weight = 0) {
  const target = `at-${trunk.host.replaceAll('.', '-')}.example.com`
  return [{ type: 'SRV', name, priority, weight, port: trunk.port, target }, a(target, trunk.host)] as const
}

function naptr(name: string, order: number, service: string, replacement: string) {
  return { type: 'NAPTR', name, order, preference: 1, flags: 's', service, replacement } as const
}

/** The questions about this domain, in any order. */
function asked(name: string): string[] {
  return dns.asked.filter((question) => question.endsWith(name)).sort()
}

describe('NAPTR, then SRV, then addresses', () => {
  test('the domain wishes for TCP first: over TCP, at the port of the SRV record', async () => {
    const name = domain()
    dns.records = [
      naptr(name, 10, 'SIP+D2T', `_sip._tcp.${name}`),
      naptr(name, 20, 'SIPS+D2T', `_sips._tcp.${name}`),
      ...srv(`_sip._tcp.${name}`, clear),
      ...srv(`_sips._tcp.${name}`, secure),
    ]
    await reached(clear, server, { uri: `sip:bob@${name}` })
  })

  test('the domain wishes for TLS first: over TLS', async () => {
    const name = domain()
    dns.records = [
      naptr(name, 20, 'SIP+D2T', `_sip._tcp.${name}`),
      naptr(name, 10, 'SIPS+D2T', `_sips._tcp.${name}`),
      ...srv(`_sip._tcp.${name}`, clear),
      ...srv(`_sips._tcp.${name}`, secure),
    ]
    await reached(secure, server, { uri: `sip:bob@${name}` })
  })

  test('sips: goes over TLS, whatever the domain wishes', async () => {
    const name = domain()
    dns.records = [
      naptr(name, 10, 'SIP+D2T', `_sip._tcp.${name}`),
      naptr(name, 20, 'SIPS+D2T', `_sips._tcp.${name}`),
      ...srv(`_sip._tcp.${name}`, clear),
      ...srv(`_sips._tcp.${name}`, secure),
    ]
    await reached(secure, server, { uri: `sips:bob@${name}` })
  })

  test('UDP, which we do not use towards the edge, is passed over', async () => {
    const name = domain()
    dns.records = [
      naptr(name, 10, 'SIP+D2U', `_sip._udp.${name}`),
      naptr(name, 20, 'SIP+D2T', `_sip._tcp.${name}`),
      ...srv(`_sip._udp.${name}`, secure),
      ...srv(`_sip._tcp.${name}`, clear),
    ]
    await reached(clear, server, { uri: `sip:bob@${name}` })
  })

  test('no NAPTR: the SRV records for TLS come before those for TCP', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, clear), ...srv(`_sips._tcp.${name}`, secure)]
    await reached(secure, server, { uri: `sip:bob@${name}` })
  })

  test('no NAPTR, SRV records for TCP alone: over TCP', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, clear)]
    await reached(clear, server, { uri: `sip:bob@${name}` })
  })

  test('transport=tcp settles it: no NAPTR, SRV for TCP', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, clear), ...srv(`_sips._tcp.${name}`, secure)]
    await reached(clear, server, { uri: `sip:bob@${name};transport=tcp` })
    assert.deepEqual(asked(name), [`SRV _sip._tcp.${name}`])
  })

  test('no SRV records: the addresses of the domain, over TLS at tls_port', async () => {
    const name = domain()
    dns.records = [a(name)]
    await reached(secure, server, { uri: `sip:bob@${name}` })
  })

  test('a port in the URI: the addresses, and nothing else is asked', async () => {
    const name = domain()
    dns.records = [a(name), ...srv(`_sip._tcp.${name}`, secure)]
    await reached(clear, server, { uri: `sip:bob@${name}:${clear.port};transport=tcp` })
    assert.deepEqual(asked(name), [`A ${name}`, `AAAA ${name}`])
  })

  test('a Route is resolved as well', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, clear)]
    await reached(clear, server, { uri: 'sip:bob@nowhere.invalid', headers: [`Route: <sip:${name};lr>`] })
  })

  test('many requests at once ask once', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, clear)]
    const before = clear.arrivals.length
    for (let i = 0; i < 20; i++) {
      server.send(sipRequest({ method: 'MESSAGE', uri: `sip:bob@${name}`, transport: 'TCP' }))
    }
    for (let i = 0; i < 20; i++) assert.equal(startLine(await server.next()), 'SIP/2.0 200 OK')
    assert.equal(clear.arrivals.length, before + 20)
    assert.deepEqual(asked(name), [`NAPTR ${name}`, `SRV _sip._tcp.${name}`, `SRV _sips._tcp.${name}`])
  })
})

describe('several servers', () => {
  const [one, two, three, four] = others as [SipTrunk, SipTrunk, SipTrunk, SipTrunk]

  test('the lowest priority takes everything', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, one, 20), ...srv(`_sip._tcp.${name}`, two, 10)]
    for (let i = 0; i < 10; i++) await reached(two, server, { uri: `sip:bob@${name}` })
  })

  test('shares follow the weights', async () => {
    const name = domain()
    dns.records = [...srv(`_sip._tcp.${name}`, one, 1, 30), ...srv(`_sip._tcp.${name}`, two, 1, 10)]
    const [ones, twos] = [one.arrivals.length, two.arrivals.length]
    for (let i = 0; i < 120; i++) {
      const { answer } = await server.request({ method: 'MESSAGE', uri: `sip:bob@${name}`, transport: 'TCP' })
      assert.equal(startLine(answer), 'SIP/2.0 200 OK')
    }
    const share = (one.arrivals.length - ones) / 120
    assert.equal(one.arrivals.length - ones + two.arrivals.length - twos, 120)
    // 0.75 with a standard deviation of 0.04
    assert.ok(share > 0.5 && share < 0.95, `${share}`)
  })

  test('CANCEL and ACK go where their INVITE went (RFC 3263 §4.4)', async () => {
    const name = domain()
    const trunks = [one, two, three, four]
    dns.records = trunks.flatMap((trunk) => [...srv(`_sip._tcp.${name}`, trunk, 1, 10)])
    const before = trunks.map(({ arrivals }) => arrivals.length)
    for (let call = 0; call < 12; call++) {
      const callId = token()
      const fields = {
        uri: `sip:bob@${name}`,
        transport: 'TCP',
        callId,
        via: `SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK${callId}`,
      }
      await server.request({ ...fields, method: 'INVITE' })
      await server.request({ ...fields, method: 'CANCEL' })
      server.send(sipRequest({ ...fields, method: 'ACK' }))
      await server.request({ ...fields, method: 'BYE' }) // the ACK is through
    }
    const methods = trunks.map(({ arrivals }, i) => {
      const taken = arrivals.slice(before[i]).map(({ message }) => startLine(message).split(' ')[0]!)
      return ['INVITE', 'CANCEL', 'ACK', 'BYE'].map((method) => taken.filter((one) => one === method).length)
    })
    assert.ok(methods.filter(([invites]) => invites! > 0).length > 1, 'the calls were spread')
    for (const counts of methods) assert.equal(new Set(counts).size, 1, JSON.stringify(methods))
  })

  test('a server that refuses is passed over, and left alone for a while', async () => {
    const name = domain()
    const dead = { host: '127.0.0.3', port: await freePort() }
    dns.records = [...srv(`_sip._tcp.${name}`, dead, 1), ...srv(`_sip._tcp.${name}`, clear, 2)]
    for (let i = 0; i < 5; i++) await reached(clear, server, { uri: `sip:bob@${name}` })
    const about = { peer: `${dead.host}:${dead.port}` }
    await scene.event('CONNECTED', { ...about, cause: 'connect-refused' })
    assert.equal(scene.events({ Event: 'CONNECT_START', ...about }).length, 1)
  })

  test('an address that refuses is passed over', async () => {
    const name = domain()
    const trunk = await SipTrunk.tcp(scope, '127.0.0.9')
    dns.records = ['127.0.0.4', '127.0.0.5', '127.0.0.9', '127.0.0.6'].map((address) => a(name, address))
    await reached(trunk, server, { uri: `sip:bob@${name}:${trunk.port};transport=tcp` })
  })

  test('all refuse: 503', async () => {
    const name = domain()
    const port = await freePort()
    dns.records = ['127.0.0.4', '127.0.0.5'].map((address) => a(name, address))
    const { answer } = await server.request({ method: 'MESSAGE', uri: `sip:bob@${name}:${port};transport=tcp` })
    assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
    for (const ip of ['127.0.0.4', '127.0.0.5']) await scene.event('CONNECTED', { peer: `${ip}:${port}` })
  })
})

describe('a name that cannot be resolved: 503', () => {
  for (const [what, name] of unresolvable) {
    test(what, async () => {
      const { answer } = await asking.get(name)!
      assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
    })
  }

  test('and each is counted', async () => {
    const { messages } = await scene.gateway.status()
    assert.equal(messages.lost['dns-failed'], unresolvable.length)
  })
})

test('a name that leads to ourselves: 503, and the request does not come back', async () => {
  const name = domain()
  dns.records = [a(name)]
  const { connectedTotal } = (await scene.gateway.status()).connections
  for (const uri of [`sip:bob@${name}:${cast.corePort};transport=tcp`, `sip:bob@${name}:${cast.edgePort}`]) {
    const { answer } = await server.request({ method: 'MESSAGE', uri })
    assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  }
  await nothingMoreComes(await cast.phone(), cast.core)
  assert.equal((await scene.gateway.status()).connections.connectedTotal, connectedTotal)
})
