/**
 * What the gateway opened to a peer carries everything that is meant for that peer: as long as address and transport are
 * the same, or with cert_check_on_conn_reusage, the TLS identity too.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { reconfigure } from '../support/reconfigure.js'
import { headerOf, headersOf, sipRequest, startLine } from '../support/sip.js'
import { reached, SipTrunk, shownName } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const dns = await DnsServer.start(scope, [
  { type: 'A', name: 'a.example.com', address: '127.0.0.1' },
  { type: 'A', name: 'b.example.com', address: '127.0.0.1' },
])

interface Reuse {
  readonly cast: EdgeCast
  /** one address for two domains, each with a client certificate of ours that stands for it there */
  readonly trunk: SipTrunk
  readonly dir: string
}

async function start(settings: object, domain: object = {}): Promise<Reuse> {
  const dir = tempDir(scope)
  const certificate = sceneCa.issue({ dns: ['a.example.com', 'b.example.com'] })
  const trunk = await SipTrunk.tls(scope, certificate, { requestCert: true, rejectUnauthorized: false })
  const cast = await startEdgeCast(scope, {
    proto_tls: settings,
    relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
    tls_mgm: {
      client_domain: ['a', 'b'].map((name) => {
        const ours = sceneCa.issue({ cn: `ours at ${name}` })
        const written = ours.writeTo(dir, name)
        return {
          ...clientDomain(dir, trunk.port),
          name: `to ${name}`,
          match_sip_domain: [`${name}.example.com`],
          certificate: written.certificate,
          private_key: written.privateKey,
          ...domain,
        }
      }),
    },
  })
  return { cast, trunk, dir }
}

/** The Request-URI that leads to one of the two domains. */
function at(name: 'a' | 'b', { trunk }: Reuse): { uri: string } {
  return { uri: `sip:bob@${name}.example.com:${trunk.port};transport=tls` }
}

function reload({ cast }: Reuse): Promise<void> {
  return reconfigure(cast.scene.gateway, () => {})
}

/** Closes whatever leads to the trunk. */
async function hangUp({ cast: { scene }, trunk }: Reuse): Promise<void> {
  const toTrunk = (await scene.connections()).filter(({ peer }) => peer === trunk.address)
  for (const { conn_id } of toTrunk) {
    await fetch(`${scene.gateway.apiUrl}/api/v1/connections/${conn_id}`, { method: 'DELETE' })
    await scene.event('CLOSED', { conn_id })
  }
}

const unchecked = await start({ cert_check_on_conn_reusage: 0 })
const checked = await start({ cert_check_on_conn_reusage: 1 }, { alias: 1 })

describe('one connection for one peer', async () => {
  const here = unchecked
  const { cast, trunk } = here
  const server = await cast.coreServer()

  test('requests share it, also those of several servers, and one that waits for it', async () => {
    const arrivals = await Promise.all([server, cast.core].map((source) => reached(trunk, source, at('a', here))))
    arrivals.push(await reached(trunk, server, at('a', here)))
    assert.equal(new Set(arrivals.map(({ over }) => over)).size, 1)
    assert.equal(trunk.accepted, 1)
  })

  test('it is named by its address as well', async () => {
    await reached(trunk, server, { uri: `sip:${trunk.address}` })
    assert.equal(trunk.accepted, 1)
  })

  test('what the peer sends on it is handled: its request goes to the upstream, and back comes the answer', async () => {
    const over = await trunk.connection()
    const invite = sipRequest({ method: 'INVITE', uri: 'sip:alice@example.com' })
    const asked = over.request(invite)
    const came = await cast.core.next()
    assert.equal(headerOf(came, 'Call-ID'), headerOf(invite, 'Call-ID'))
    assert.equal(headersOf(came, 'Via').length, 2)
    cast.core.answer(came, '486 Busy Here')
    const { answer } = await asked
    assert.equal(startLine(answer), 'SIP/2.0 486 Busy Here')
    assert.equal(headerOf(answer, 'Via'), `${headerOf(invite, 'Via')};received=127.0.0.1`)
    assert.equal(trunk.accepted, 1)
  })

  test('OPTIONS to us that comes on it is answered', async () => {
    const over = await trunk.connection()
    const { answer } = await over.request({ uri: `sip:sip.example.com:${cast.edgePort}` })
    assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  })

  test('when the peer has closed its half, the next request opens another, and what it asked is still answered', async () => {
    const over = await trunk.connection()
    const last = sipRequest({ method: 'INVITE', uri: 'sip:alice@example.com' })
    over.send(last)
    over.socket.end()
    const came = await cast.core.next()
    assert.equal(headerOf(came, 'Call-ID'), headerOf(last, 'Call-ID'))
    assert.notEqual((await reached(trunk, server, at('a', here))).over, over)
    assert.equal(trunk.accepted, 2)
    cast.core.answer(came)
    assert.equal(headerOf(await over.next(), 'Call-ID'), headerOf(last, 'Call-ID'))
  })

  test('closed for good, it is opened again by the next request', async () => {
    const { accepted } = trunk
    await hangUp(here)
    await reached(trunk, server, at('a', here))
    assert.equal(trunk.accepted, accepted + 1)
  })
})

describe('cert_check_on_conn_reusage 0: address and transport decide', async () => {
  const here = unchecked
  const { trunk, dir } = here
  const server = await here.cast.coreServer()

  test('what is meant for one domain leaves by the connection made as client of the other', async () => {
    await hangUp(here)
    const first = await reached(trunk, server, at('a', here))
    const second = await reached(trunk, server, at('b', here))
    assert.equal(shownName(first.over), 'ours at a')
    assert.equal(second.over, first.over, 'the trap, as in OpenSIPS')
  })

  test('a new certificate of ours changes nothing while the connection lives', async () => {
    sceneCa.issue({ cn: 'renewed' }).writeTo(dir, 'a')
    const { accepted } = trunk
    await reload(here)
    assert.equal(shownName((await reached(trunk, server, at('a', here))).over), 'ours at a')
    assert.equal(trunk.accepted, accepted)
  })
})

describe('cert_check_on_conn_reusage 1: so does the TLS identity', async () => {
  const here = checked
  const { cast, trunk, dir } = here
  const server = await cast.coreServer()

  test('each domain gets a connection of its own, made with the certificate for it, and keeps it', async () => {
    const toA = await reached(trunk, server, at('a', here))
    const toB = await reached(trunk, server, at('b', here))
    assert.deepEqual(
      [toA, toB].map(({ over }) => shownName(over)),
      ['ours at a', 'ours at b'],
    )
    assert.equal((await reached(trunk, server, at('a', here))).over, toA.over)
    assert.equal((await reached(trunk, server, at('b', here))).over, toB.over)
    assert.equal(trunk.accepted, 2)
  })

  test('two that are being opened at once are kept apart too', async () => {
    await hangUp(here)
    for (const name of ['a', 'b', 'a', 'b'] as const) {
      server.send(sipRequest({ method: 'MESSAGE', transport: 'TCP', ...at(name, here) }))
    }
    for (let i = 0; i < 4; i++) assert.equal(startLine(await server.next()), 'SIP/2.0 200 OK')
    for (const { message, over } of trunk.arrivals.slice(-4)) {
      assert.equal(shownName(over), `ours at ${startLine(message).at('MESSAGE sip:bob@'.length)}`)
    }
    assert.equal(trunk.accepted, 4)
  })

  test('after a reload with the same certificates they are still reused', async () => {
    await reload(here)
    await reached(trunk, server, at('a', here))
    await reached(trunk, server, at('b', here))
    assert.equal(trunk.accepted, 4)
  })

  test('after a reload with another certificate that one is not, the other is', async () => {
    sceneCa.issue({ cn: 'renewed' }).writeTo(dir, 'a')
    await reload(here)
    assert.equal(shownName((await reached(trunk, server, at('a', here))).over), 'renewed')
    assert.equal(shownName((await reached(trunk, server, at('b', here))).over), 'ours at b')
    assert.equal(trunk.accepted, 5)
  })

  test('after a reload with another policy for the name it is not either', async () => {
    await reconfigure(cast.scene.gateway, ({ tls_mgm }) => {
      const [, toB] = tls_mgm!.client_domain as Record<string, unknown>[]
      toB!.verify_name = 'enforce'
    })
    await reached(trunk, server, at('b', here))
    assert.equal(trunk.accepted, 6)
  })
})

describe('client_domain.alias asks the peer to reuse the connection for its own requests (RFC 5923)', () => {
  for (const [here, alias] of [
    [checked, true],
    [unchecked, false],
  ] as const) {
    test(`alias ${Number(alias)}: our Via ${alias ? 'says so' : 'says nothing of it'}`, async () => {
      const { message } = await reached(here.trunk, await here.cast.coreServer(), at('a', here))
      const via = headerOf(message, 'Via')!
      assert.equal(/;alias(?:;|$)/.test(via), alias, via)
      assert.match(via, new RegExp(`^SIP/2\\.0/TLS sip\\.example\\.com:${here.cast.edgePort};branch=`))
    })
  }

  test('but never phones, nor our own servers', async () => {
    const { cast } = checked
    const phone = await cast.phone()
    phone.send(sipRequest({ method: 'REGISTER' }))
    const came = await cast.core.next()
    assert.doesNotMatch(headersOf(came, 'Via').join(), /alias/)
    const path = headerOf(came, 'Path')!
    cast.core.send(sipRequest({ method: 'MESSAGE', transport: 'TCP', headers: [`Route: ${path}`] }))
    assert.doesNotMatch(headersOf(await phone.next(), 'Via').join(), /alias/)
  })
})
