/** The first minute of a newcomer: one request over TLS, and its whole trace from the embedded collector over HTTP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js'
import { freePort } from '../support/ports.js'
import { SipClient } from '../support/sip-client.js'
import { until } from '../support/wait.js'

interface Packet {
  readonly type_name: string
  readonly source: string
  readonly destination: string
  readonly correlation_id: string
  readonly payload?: string
  readonly event?: { readonly Event: string; readonly conn_id: string; readonly keylog?: unknown }
}

const path = '/api/v1/collector/packets'

async function text(gateway: GatewayProcess, query = ''): Promise<string> {
  return (await fetch(`${gateway.apiUrl}${path}${query}`)).text()
}

async function packets(gateway: GatewayProcess, query = ''): Promise<Packet[]> {
  const answer = await fetch(`${gateway.apiUrl}${path}${query}`, { headers: { accept: 'application/json' } })
  return (await answer.json()) as Packet[]
}

test('what a TLS client does is there to be read: accepted, its TLS session, SIP both ways, closed', async (t) => {
  const hep = await freePort()
  const gateway = await startGatewayProcess(t, {
    relay: { mode: 'tunnel' },
    collector: { listen: [`udp:127.0.0.1:${hep}`, `tcp:127.0.0.1:${hep}`] },
    proto_tls: { trace_on: 1, trace_destination: 'd' },
    proto_hep: { hep_id: `[d]127.0.0.1:${hep};transport=tcp` },
  })
  assert.equal(await text(gateway), 'nothing received yet\n')
  const client = await SipClient.connect({ port: gateway.port, servername: 'sip.example.com' })
  const { request, answer } = await client.request({ callId: 'first-call' })
  await client.close()
  await until('CLOSED of the client', async () =>
    (await packets(gateway)).some(({ source, event }) => event?.Event === 'CLOSED' && source === client.address),
  )

  const ofClient = (await packets(gateway)).filter(({ source, destination }) =>
    [source, destination].includes(client.address),
  )
  assert.deepEqual(
    ofClient.map(({ type_name, event }) => event?.Event ?? type_name),
    ['ACCEPTED', 'TLS_SESSION', 'sip', 'sip', 'CLOSED'],
  )
  const [accepted, , sent, received] = ofClient
  assert.equal(sent!.payload, String(request))
  assert.equal(received!.payload, String(answer))

  const call = await packets(gateway, '?correlation_id=first-call')
  assert.deepEqual(call, ofClient.slice(1, 4), 'the flow of the call: its TLS session and its SIP')
  assert.deepEqual(await packets(gateway, '?type=sip&limit=1'), [received])
  assert.deepEqual(
    (await packets(gateway, `?correlation_id=${accepted!.event!.conn_id}`)).map(({ event }) => event?.Event),
    ['ACCEPTED', 'CLOSED'],
  )

  assert.equal(accepted!.event!.keylog, '[hidden]', 'the collector had keys, and told none')
  const shown = await text(gateway)
  for (const part of [
    /^ {2}ACCEPTED SUCCESS TLSv1\.3 .* sni=sip\.example\.com /m,
    /^ {2}OPTIONS sip:/m,
    /^ {2}SIP\/2\.0 200 /m,
  ]) {
    assert.match(shown, part)
  }
  assert.ok(shown.indexOf('ACCEPTED SUCCESS') < shown.indexOf('CLOSED SUCCESS'))
  assert.doesNotMatch(shown, /[A-Z]_SECRET_0|_TRAFFIC_SECRET/)
})

test('without a collector there is nothing to look at, and the answer says so', async (t) => {
  const gateway = await startGatewayProcess(t, {})
  const answer = await fetch(`${gateway.apiUrl}${path}`)
  assert.equal(answer.status, 404)
  assert.match(((await answer.json()) as { detail: string }).detail, /collector\.listen is not set/)
})
