/** An operator looks at the live connections over HTTP and ends one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { SipClient } from '../support/sip-client.js'
import { within } from '../support/wait.js'

test('the connection named in the list is closed, with the cause killed, and no other', async (t) => {
  const collector = await HepCollector.start(t)
  const gateway = await startGatewayProcess(t, {
    relay: { mode: 'tunnel' },
    proto_tls: { trace_destination: 'homer', trace_on: 1, tls_handshake_timeout: 5000 },
    proto_hep: { hep_id: collector.destination('homer', 'tcp') },
  })
  const [victim, other] = [
    await SipClient.connect({ port: gateway.port }),
    await SipClient.connect({ port: gateway.port }),
  ]
  await victim.request()
  const list = await (await fetch(`${gateway.apiUrl}/api/v1/connections`)).text()
  assert.doesNotMatch(list, /_SECRET|CLIENT_RANDOM|keylog/)
  const { connections } = JSON.parse(list) as { connections: Record<string, string>[] }
  const row = connections.find(({ peer }) => peer === victim.address)
  assert.equal(row?.tls_version, 'TLSv1.3')

  const url = `${gateway.apiUrl}/api/v1/connections/${row.conn_id}`
  assert.equal((await fetch(`${url}?reason=moved%20away`, { method: 'DELETE' })).status, 204)
  await within('the connection to close', victim.closed)
  const closed = await collector.event('CLOSED', (event) => event.conn_id === row.conn_id)
  assert.equal(closed.cause, 'killed')
  assert.equal(closed.Message, 'closed by an operator: moved away')
  const { audit } = (await (await fetch(`${gateway.apiUrl}/api/v1/audit`)).json()) as { audit: { what: string }[] }
  assert.match(audit[0]!.what, /^connection .* closed: moved away$/)
  assert.equal((await fetch(url, { method: 'DELETE' })).status, 404)
  assert.match(String((await other.request()).answer), /^SIP\/2\.0 200 /)
})
