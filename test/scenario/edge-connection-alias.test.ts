/**
 * RFC 5923: a client that says `;alias` in its Via gets requests to the address there over the connection it opened,
 * but only those for a domain that its verified certificate names (§9): anybody can write a Via.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type IssueOptions, TestCa } from '../support/certificates.js'
import { DnsServer } from '../support/dns-server.js'
import { clientDomain, sceneCa, serverDomain } from '../support/domains.js'
import { edgeName, startEdgeCast } from '../support/edge-cast.js'
import { sipAnswer, sipRequest, startLine, token } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const dir = tempDir(scope)
const ca_list = sceneCa.writeTo(dir)
const unaskingName = 'open.example.com'
const tlsPort = 5061
const dns = await DnsServer.start(scope)
const cast = await startEdgeCast(scope, {
  proto_tls: { tls_port: tlsPort },
  relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
  tls_mgm: {
    server_domain: [
      serverDomain(dir, edgeName, { verify_cert: 1, ca_list }),
      serverDomain(dir, unaskingName, { match_sip_domain: [unaskingName] }),
    ],
    client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })],
  },
})
const server = await cast.coreServer()
let domains = 0

interface Peer {
  readonly domain: string
  /** what listens at its address and port: it gets what must not go over the connection of a client */
  readonly trunk: SipTrunk
}

/** A domain with an address of its own. */
async function peer(): Promise<Peer> {
  const number = ++domains
  const [domain, address] = [`d${number}.example.com`, `127.59.23.${number}`]
  dns.records = [...dns.records, { type: 'A', name: domain, address }]
  return { domain, trunk: await SipTrunk.tls(scope, sceneCa.issue({ dns: [domain] }), {}, address) }
}

/** A client at that address that has shown these names and has sent a request with this Via. */
async function client({ trunk }: Peer, names: IssueOptions | undefined, via: string, options = {}, ca = sceneCa) {
  const { chainPem, keyPem } = ca.issue(names)
  const shown = names === undefined ? {} : { cert: chainPem, key: keyPem }
  const connected = await cast.phone({ localAddress: trunk.host, ...shown, ...options })
  connected.send(sipRequest({ method: 'MESSAGE', via: `SIP/2.0/TLS ${via};branch=z9hG4bK${token()}` }))
  const came = await cast.core.next()
  cast.core.answer(came)
  await connected.next()
  return connected
}

/** Sends a request of the core, and sees it come to this client. */
async function comesTo(to: SipClient, uri: string): Promise<void> {
  const asked = server.request({ method: 'MESSAGE', uri, transport: 'TCP' })
  to.send(sipAnswer(await to.next(), '202 Accepted'))
  assert.equal(startLine((await asked).answer), 'SIP/2.0 202 Accepted')
}

function uriOf({ domain, trunk }: Peer): string {
  return `sip:bob@${domain}:${trunk.port};transport=tls`
}

describe('its certificate names the domain: requests for the domain take its connection', () => {
  test('named by a DNS name', async () => {
    const here = await peer()
    await comesTo(await client(here, { dns: [here.domain] }, `${here.domain}:${here.trunk.port};alias`), uriOf(here))
    assert.equal(here.trunk.accepted, 0)
  })

  test('named by a SIP URI, in other case, and there are other names', async () => {
    const here = await peer()
    const names = { uris: ['sip:other.example.com', `sip:${here.domain.toUpperCase()}`] }
    await comesTo(await client(here, names, `192.0.2.1:${here.trunk.port};alias`), uriOf(here))
  })

  test('to the default port, when the Via names none', async () => {
    const here = await peer()
    await comesTo(await client(here, { dns: [here.domain] }, `${here.domain};alias`), `sips:bob@${here.domain}`)
  })

  test('until the client closes its half: then a new connection is opened', async () => {
    const here = await peer()
    const over = await client(here, { dns: [here.domain] }, `${here.domain}:${here.trunk.port};alias`)
    await comesTo(over, uriOf(here))
    over.socket.end(sipRequest({ method: 'MESSAGE' }))
    await cast.core.next()
    await reached(here.trunk, server, { uri: uriOf(here) })
  })
})

describe('else a connection of our own is opened', () => {
  type Case = readonly [string, (here: Peer) => Promise<unknown>, ((here: Peer) => string)?]
  const asking = ({ domain, trunk }: Peer): string => `${domain}:${trunk.port};alias`
  const cases: readonly Case[] = [
    ['the client has no certificate', (here) => client(here, undefined, asking(here))],
    ['its certificate names another domain', (here) => client(here, { dns: ['e.example.com'] }, asking(here))],
    [
      'its certificate names the domain by a wildcard only',
      (here) => client(here, { dns: ['*.example.com'] }, asking(here)),
    ],
    [
      'its certificate names the domain in the common name, beside other names',
      (here) => client(here, { cn: here.domain, dns: ['e.example.com'] }, asking(here)),
    ],
    [
      'a SIP URI with a user part names no domain',
      (here) => client(here, { uris: [`sip:alice@${here.domain}`] }, asking(here)),
    ],
    [
      'nobody asked for its certificate',
      (here) => client(here, { dns: [here.domain] }, asking(here), { servername: unaskingName }),
    ],
    [
      'nobody asked for its certificate, which a stranger issued',
      (here) => client(here, { dns: [here.domain] }, asking(here), { servername: unaskingName }, TestCa.create()),
    ],
    ['its Via does not say alias', (here) => client(here, { dns: [here.domain] }, `${here.domain}:${here.trunk.port}`)],
    ['its Via names another port', (here) => client(here, { dns: [here.domain] }, `${here.domain}:1;alias`)],
    [
      'it connected from another address',
      (here) => client(here, { dns: [here.domain] }, asking(here), { localAddress: '127.0.0.1' }),
    ],
    [
      'the request is for the address, which no certificate vouches for',
      (here) => client(here, { dns: [here.domain], ips: [here.trunk.host] }, asking(here)),
      ({ trunk }) => `sip:bob@${trunk.address}`,
    ],
  ]

  for (const [what, connect, uri = uriOf] of cases) {
    test(what, async () => {
      const here = await peer()
      await connect(here)
      await reached(here.trunk, server, { uri: uri(here) })
      assert.equal(here.trunk.accepted, 1)
    })
  }
})
