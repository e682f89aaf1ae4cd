/** Who is trusted: whoever shows a verified certificate of a trusted domain, and our own side. Nobody else. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type IssueOptions, TestCa } from '../support/certificates.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { freePort } from '../support/ports.js'
import { reconfigure } from '../support/reconfigure.js'
import { patienceMs } from '../support/scene.js'
import { headersOf, sipRequest, token } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { SipStream } from '../support/sip-stream.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { certified, showing, startTrustCast, trustedDomain, unaskingName } from '../support/trust-cast.js'

const scope = { after }
const [clearPort, coreTlsPort] = [await freePort(), await freePort()]
const cast = await startTrustCast(scope, {
  socket: [
    { socket: `tcp:127.0.0.1:${clearPort}`, side: 'edge' },
    { socket: `tls:127.0.0.1:${coreTlsPort}`, side: 'core' },
  ],
  // as an operator may spell it
  trust: { domains: ['Carrier.Example.'] },
})
const { scene, core } = cast

/** What the core hears of a call from there. */
async function verdictOn(client: SipStream): Promise<string[]> {
  const request = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' })
  client.send(request)
  return headersOf(await core.next(), 'X-Hepgate-Trusted')
}

/** The verdict wherever it can be looked up: at the core, in the events and the flow of the call, over HTTP. */
async function assertVerdict(client: SipClient, trusted: boolean): Promise<void> {
  assert.deepEqual(await verdictOn(client), [trusted ? 'yes' : 'no'])
  const peer = client.address
  assert.equal((await scene.event('ACCEPTED', { peer })).trusted, trusted)
  assert.equal((await scene.event('TLS_SESSION', { peer })).trusted, trusted)
  assert.equal((await scene.live(peer)).trusted, trusted)
}

const names: [string, IssueOptions, boolean][] = [
  ['a DNS name that is a trusted domain', { dns: [trustedDomain] }, true],
  ['one of several DNS names', { dns: ['example.net', trustedDomain] }, true],
  ['a DNS name in upper case', { dns: ['CARRIER.EXAMPLE'] }, true],
  ['a SIP URI that is a trusted domain', { uris: [`sip:${trustedDomain}`] }, true],
  ['a common name, where there is no other', { cn: trustedDomain }, true],
  ['a common name beside a DNS name', { cn: trustedDomain, dns: ['example.net'] }, false],
  // RFC 5922 §7.1: where there are SIP URIs, DNS names say nothing about SIP.
  ['a DNS name beside a SIP URI of another domain', { uris: ['sip:example.net'], dns: [trustedDomain] }, false],
  ['the SIP URI of a user of a trusted domain', { uris: [`sip:bob@${trustedDomain}`] }, false],
  ['another domain', { dns: ['example.net'] }, false],
  ['a host of a trusted domain', { dns: [`sip.${trustedDomain}`] }, false],
  ['a domain that ends like a trusted one', { dns: [`not${trustedDomain}`] }, false],
  ['the domain above a trusted one', { dns: ['example'] }, false],
  ['a pattern that would match a trusted domain', { dns: ['*.example'] }, false],
]
for (const [what, options, trusted] of names) {
  test(`a client whose certificate names ${what} is ${trusted ? 'trusted' : 'not trusted'}`, async () => {
    const client = await cast.phone(certified(options))
    await assertVerdict(client, trusted)
  })
}

test('a client without a certificate is not trusted', async () => {
  const client = await cast.phone()
  await assertVerdict(client, false)
})

test('a certificate that nobody asked for and verified makes nobody trusted', async () => {
  const client = await cast.phone({ ...certified({ dns: [trustedDomain] }), servername: unaskingName })
  await assertVerdict(client, false)
})

test('a client whose certificate of a trusted domain is of another CA gets no connection', async () => {
  const stranger = TestCa.create({ name: 'somebody else' }).issue({ dns: [trustedDomain] })
  const refused = cast.phone({ ...showing(stranger), maxVersion: 'TLSv1.2' })
  await assert.rejects(refused)
  assert.equal((await scene.event('ACCEPTED', { Status: 'FAILURE' })).cause, 'unknown-ca')
})

test('a client of an edge socket without TLS is not trusted', async (t) => {
  const client = await SipStream.tcp(t, clearPort)
  assert.deepEqual(await verdictOn(client), ['no'])
})

test('our own side is trusted: a server over TLS without a certificate, over TCP, the upstream', async (t) => {
  const server = await SipClient.connect({ port: coreTlsPort, servername: unaskingName })
  t.after(() => void server.socket.destroy())
  const other = await cast.coreServer()
  for (const { address } of [server, other]) {
    const live = await scene.live(address)
    assert.deepEqual([live.side, live.trusted], ['core', true])
  }
  const upstream = await scene.live(`127.0.0.1:${cast.upstream.port}`)
  assert.equal(upstream.trusted, true)
})

test('a trunk we connected to is trusted by its certificate, when it calls', async (t) => {
  const trunks = await Promise.all(
    [trustedDomain, 'example.net'].map((name) => SipTrunk.tls(t, sceneCa.issue({ dns: [name] }))),
  )
  await reconfigure(scene.gateway, ({ tls_mgm }) =>
    Object.assign(tls_mgm!, { client_domain: trunks.map(({ port }) => clientDomain(scene.dir, port)) }),
  )
  const verdicts: string[][] = []
  for (const trunk of trunks) {
    await reached(trunk, core, { uri: `sip:+4930@127.0.0.1:${trunk.port};transport=tls` })
    verdicts.push(await verdictOn(await trunk.connection()))
  }
  assert.deepEqual(verdicts, [['yes'], ['no']])
})

test('the verdict stands for every request of the connection, and another connection has its own', async () => {
  const [trusted, stranger] = [await cast.phone(certified({ dns: [trustedDomain] })), await cast.phone()]
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await verdictOn(trusted), ['yes'])
    assert.deepEqual(await verdictOn(stranger), ['no'])
  }
})

test('a filter route that asks $tls_trusted traces the trusted calls on both legs, and no other', async (t) => {
  const filtered = await startTrustCast(t, {
    proto_tls: { trace_filter_route: 'trusted_only' },
    routes: { trusted_only: 'if ($tls_trusted == 1) exit; else drop;' },
  })
  const call = async (options: object): Promise<string> => {
    const client = await filtered.phone(options)
    const callId = `${token()}@trusted`
    client.send(sipRequest({ callId }))
    filtered.core.answer(await filtered.core.next())
    await client.next(patienceMs)
    return callId
  }
  const stranger = await call({})
  const trusted = await call(certified({ dns: [trustedDomain] }))
  const { records } = filtered.scene.collector
  const traced = (callId: string) => records.filter(({ type, correlation }) => type === 1 && correlation === callId)
  await filtered.scene.status('the messages of the trusted call', () => traced(trusted).length === 4)
  assert.deepEqual(traced(stranger), [])
})
