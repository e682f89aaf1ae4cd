/** RFC 3261 §16.6 step 7, RFC 3263 §4: where a request of the core without flow token goes, when no name has to be resolved. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { edgeName, nothingMoreComes, startEdgeCast } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { headerOf, headersOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const dir = tempDir(scope)
const certificate = sceneCa.issue({ dns: ['trunk.example.com'], ips: ['127.0.0.1', '::1'] })
const secure = await SipTrunk.tls(scope, certificate)
const secure6 = await SipTrunk.tls(scope, certificate, {}, '::1')
const clear = await SipTrunk.tcp(scope)
/** an address of its own, because the port cannot be chosen */
const clear5060 = await SipTrunk.tcp(scope, `127.${randomInt(1, 255)}.${randomInt(255)}.1`, 5060)
const cast = await startEdgeCast(scope, {
  proto_tls: { tls_port: secure.port },
  tls_mgm: {
    client_domain: [
      clientDomain(dir, secure.port),
      clientDomain(dir, secure6.port, { match_ip_address: [`[::1]:${secure6.port}`] }),
    ],
  },
})
const { scene, core } = cast
const server = await cast.coreServer()

describe('the Request-URI says where to go', () => {
  const cases: readonly (readonly [string, SipTrunk, string])[] = [
    ['over TLS when nothing else is said', secure, `sip:bob@127.0.0.1:${secure.port}`],
    ['over TLS with transport=tls', secure, `sip:bob@127.0.0.1:${secure.port};transport=tls`],
    ['over TLS with transport=TLS', secure, `sip:bob@127.0.0.1:${secure.port};transport=TLS`],
    ['over TLS for sips:', secure, `sips:bob@127.0.0.1:${secure.port}`],
    ['over TLS for sips: with transport=tcp, which is what TLS runs over', secure, `sips:bob@${secure.uri.slice(4)}`],
    ['over TCP with transport=tcp', clear, `sip:bob@127.0.0.1:${clear.port};transport=tcp`],
    ['to an IPv6 address', secure6, `sip:bob@[::1]:${secure6.port}`],
    ['to an IPv6 address in another spelling', secure6, `sip:bob@[0:0:0:0:0:0:0:1]:${secure6.port};transport=tls`],
    ['to tls_port over TLS, when there is no port', secure, 'sip:bob@127.0.0.1'],
    ['to tls_port for sips:, when there is no port', secure, 'sips:bob@127.0.0.1'],
    ['to 5060 over TCP, when there is no port', clear5060, `sip:bob@${clear5060.host};transport=tcp`],
    ['with maddr, to that address', clear, `sip:bob@nowhere.invalid:${clear.port};transport=tcp;maddr=127.0.0.1`],
    ['without user part', clear, clear.uri],
  ]

  for (const [what, trunk, uri] of cases) {
    test(what, async () => {
      const { message } = await reached(trunk, server, { uri })
      assert.equal(startLine(message), `MESSAGE ${uri} SIP/2.0`, 'the Request-URI is not touched')
      assert.match(headersOf(message, 'Via')[0]!, trunk.transport === 'tls' ? /^SIP\/2\.0\/TLS / : /^SIP\/2\.0\/TCP /)
      assert.equal(headerOf(message, 'Max-Forwards'), '69')
    })
  }

  test('and so it does on a connection that the gateway opened to our server', async () => {
    await reached(secure, core, { uri: `sip:bob@127.0.0.1:${secure.port}` })
  })
})

describe('a Route comes before the Request-URI', () => {
  const uri = 'sip:bob@nowhere.invalid'
  const own = `<sip:127.0.0.1:${cast.corePort};transport=tcp;lr>`
  const cases: readonly (readonly [string, SipTrunk, readonly string[]])[] = [
    ['one Route', secure, [`<sip:127.0.0.1:${secure.port};lr>`]],
    ['the first of several', clear, [`<${clear.uri};lr>`, `<${secure.uri};lr>`]],
    ['the first of a list in one line', clear, [`<${clear.uri};lr>, <${secure.uri};lr>`]],
    ['the one behind our own', secure, [own, `<sips:127.0.0.1:${secure.port};lr>`]],
    ['the one behind our own in one line', clear, [`${own},<${clear.uri};lr>`]],
  ]

  for (const [what, trunk, routes] of cases) {
    test(what, async () => {
      const headers = routes.map((route) => `Route: ${route}`)
      const { message } = await reached(trunk, server, { uri, headers })
      assert.equal(startLine(message), `MESSAGE ${uri} SIP/2.0`)
      const left = headersOf(message, 'Route').join(', ')
      const expected = routes.join(', ').replace(own, '').replace(/^, ?/, '')
      assert.equal(left.replaceAll(' ', ''), expected.replaceAll(' ', ''), 'our own is gone, the others stay')
    })
  }
})

describe('a request that cannot leave is answered, and nothing is connected to', () => {
  const cases: readonly (readonly [string, RegExp, RequestFields])[] = [
    ['over UDP, which we do not use towards the edge', /^503 /, { uri: 'sip:bob@127.0.0.1:5060;transport=udp' }],
    ['over SCTP', /^503 /, { uri: 'sip:bob@127.0.0.1:5060;transport=sctp' }],
    ['a Route over UDP', /^503 /, { headers: ['Route: <sip:127.0.0.1:5060;transport=udp;lr>'] }],
    ['to our TLS socket by its name', /^404 /, { uri: `sip:bob@${edgeName}:${cast.edgePort}` }],
    ['to our TLS socket by its name, in other case', /^404 /, { uri: `sip:bob@SIP.Example.COM:${cast.edgePort}` }],
    ['to our TLS socket by its address', /^404 /, { uri: `sip:bob@127.0.0.1:${cast.edgePort};transport=tls` }],
    ['to our TLS socket with sips:', /^404 /, { uri: `sips:bob@127.0.0.1:${cast.edgePort}` }],
    ['to our TCP socket', /^404 /, { uri: `sip:bob@127.0.0.1:${cast.corePort};transport=tcp` }],
    [
      'to our TCP socket by maddr',
      /^503 /,
      { uri: `sip:bob@x.invalid:${cast.corePort};transport=tcp;maddr=127.0.0.1` },
    ],
    [
      'to ourselves, behind a Route of ours',
      /^404 /,
      {
        uri: `sip:bob@${edgeName}:${cast.edgePort}`,
        headers: [`Route: <sip:127.0.0.1:${cast.corePort};transport=tcp;lr>`],
      },
    ],
  ]

  for (const [what, status, fields] of cases) {
    test(what, async () => {
      const { answer } = await server.request(sipRequest({ method: 'MESSAGE', transport: 'TCP', ...fields }))
      assert.match(startLine(answer).slice('SIP/2.0 '.length), status)
      await nothingMoreComes(await cast.phone(), core)
    })
  }

  test('nobody was connected to but those who had to be, and not we ourselves', async () => {
    const { connections } = await scene.gateway.status()
    const trunks = [secure, secure6, clear, clear5060]
    assert.deepEqual(
      trunks.map(({ accepted }) => accepted),
      [1, 1, 1, 1],
    )
    assert.equal(connections.connectedTotal, trunks.length + 1, 'the trunks, and the upstream')
  })

  test('nobody there: 503 at once, and the next request is tried anew', async () => {
    const port = await freePort()
    const fields = { method: 'MESSAGE', transport: 'TCP', uri: `sip:bob@127.0.0.1:${port};transport=tcp` }
    assert.equal(startLine((await server.request(fields)).answer), 'SIP/2.0 503 Service Unavailable')
    await scene.event('CONNECTED', { peer: `127.0.0.1:${port}`, cause: 'connect-refused', Status: 'FAILURE' })
    const late = await SipTrunk.tcp(scope, '127.0.0.1', port)
    await reached(late, server, fields)
  })
})

test('ACK to nowhere is answered by nobody and counted', async () => {
  const before = (await scene.gateway.status()).edge!.requestsDropped['not-routable'] ?? 0
  server.send(sipRequest({ method: 'ACK', uri: 'sip:bob@127.0.0.1:5060;transport=udp', transport: 'TCP' }))
  await scene.status('the ACK', ({ edge }) => edge!.requestsDropped['not-routable'] === before + 1)
  const { answer } = await server.request(sipRequest({ uri: `sip:127.0.0.1:${cast.corePort};transport=tcp` }))
  assert.equal(startLine(answer), 'SIP/2.0 200 OK', 'nothing came before it')
})
