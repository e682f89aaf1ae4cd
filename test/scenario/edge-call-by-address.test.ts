/**
 * A server that keeps no Path but the address a REGISTER came from, port included, calls the phone by that. Nobody can
 * listen there: only the connection that the phone opened is meant, and it is taken (RFC 3261 §18.1.1).
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { clientDomain } from '../support/domains.js'
import { registered, startEdgeCast } from '../support/edge-cast.js'
import { headerOf, headersOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dns = await DnsServer.start(scope)
dns.records = [{ type: 'A', name: 'phone.example.com', address: '127.0.0.1' }]
const cast = await startEdgeCast(scope, {
  tls_mgm: { client_domain: [clientDomain(tempDir(scope), 0, { match_ip_address: ['*'] })] },
  relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
})
const { core, scene } = cast
// Registered, so that both ends know of the connection.
const { phone } = await registered(cast)
const port = phone.address.split(':')[1]!

const call = { method: 'INVITE', transport: 'TCP' } satisfies RequestFields

/** No connection was opened, or tried, for what `act` does. */
async function withoutConnecting(act: () => Promise<void>): Promise<void> {
  const attempts = () => scene.events({ Event: 'CONNECT_START' }).length
  const before = attempts()
  await act()
  const { connections } = await scene.gateway.status()
  assert.deepEqual([attempts(), connections.connectedTotal], [before, 1])
}

const spellings: Readonly<Record<string, RequestFields>> = {
  'with its transport': { uri: `sip:alice@${phone.address};transport=tls` },
  'with none, which is TLS': { uri: `sip:alice@${phone.address}` },
  'with sips:': { uri: `sips:alice@${phone.address}` },
  'in a Route': { uri: 'sip:alice@nowhere.invalid', headers: [`Route: <sip:${phone.address};lr>`] },
}
for (const [what, fields] of Object.entries(spellings)) {
  test(`by its address ${what}: over the connection of the phone, and the answer back`, () =>
    withoutConnecting(async () => {
      const request = sipRequest({ ...call, ...fields })
      core.send(request)
      const arrived = await phone.next()
      assert.equal(headerOf(arrived, 'Call-ID'), headerOf(request, 'Call-ID'))
      assert.match(headersOf(arrived, 'Via')[0]!, /^SIP\/2\.0\/TLS sip\.example\.com:/)
      phone.answer(arrived)
      assert.equal(startLine(await core.next()), 'SIP/2.0 200 OK')
    }))
}

describe('but not', () => {
  const others: Readonly<Record<string, string>> = {
    'over another transport': `sip:alice@${phone.address};transport=tcp`,
    'at another address': `sip:alice@127.0.0.2:${port}`,
    'by a name, for which its certificate would have to speak': `sip:alice@phone.example.com:${port}`,
  }
  for (const [what, uri] of Object.entries(others)) {
    test(what, async () => {
      const received = phone.received.length
      const { answer } = await core.request({ ...call, uri })
      assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
      assert.match(headerOf(answer, 'Warning')!, /^399 hepgate "connect-refused: /)
      assert.equal(phone.received.length, received)
    })
  }

  test('for a phone, which is told by our servers alone where to go', async () => {
    const other = await cast.phone()
    const received = phone.received.length
    other.send(sipRequest({ ...call, uri: `sip:alice@${phone.address}` }))
    assert.equal(startLine(await core.next()), `INVITE sip:alice@${phone.address} SIP/2.0`)
    assert.equal(phone.received.length, received)
  })

  test('when the phone has said that it sends no more: it could not answer', async () => {
    const { phone: leaving } = await registered(cast)
    const request = { ...call, uri: `sip:alice@${leaving.address}` }
    leaving.socket.end()
    const server = await cast.coreServer()
    await until('the end to be known', () => {
      server.send(sipRequest(request))
      return server.received.some((answer) => startLine(answer) === 'SIP/2.0 503 Service Unavailable')
    })
    // It may still read for two seconds, in which some two hundred are sent.
    assert.ok(leaving.received.length < 20, `${leaving.received.length} came to it`)
  })
})
