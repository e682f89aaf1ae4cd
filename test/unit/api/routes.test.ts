/** The routes of the API, through fastify's own injection: what is asked of the gateway and what is answered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveConnection } from '../../support/fake-gateway.js'
import { testApi } from './api.js'

test('GET tls_trace tells the state of the switch', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.mode = 'on'
  gateway.until = '2026-01-02T03:14:05.000Z'
  const answer = await api.inject('/api/v1/tls_trace')
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), gateway.traceStatus())
})

test('PUT tls_trace switches on for a while, existing connections included', async (t) => {
  const { api, gateway } = await testApi(t)
  const answer = await api.inject({
    method: 'PUT',
    url: '/api/v1/tls_trace',
    payload: { trace_mode: 'on', for: '10m', existing: true },
  })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.json().trace_mode, 'on')
  assert.deepEqual(gateway.calls, [
    ['setTrace', { trace_mode: 'on', forMs: 600_000, existing: true, by: 'api 127.0.0.1' }],
  ])
})

const badSwitches: [name: string, body: unknown, detail: RegExp][] = [
  ['an unknown mode', { trace_mode: 'maybe' }, /^trace_mode should be 'on' or 'off'$/],
  ['a boolean mode', { trace_mode: true }, /^trace_mode should be 'on' or 'off'$/],
  ['no mode', {}, /^the body lacks 'trace_mode'$/],
  ['a duration without a unit', { trace_mode: 'on', for: '10' }, /^for should be a duration/],
  ['no time at all', { trace_mode: 'on', for: '0s' }, /^for should be a duration/],
  ['more time than a timer holds', { trace_mode: 'on', for: '25d' }, /not above 24 days/],
  ['a number as duration', { trace_mode: 'on', for: 10 }, /^for should be of type string$/],
  ['a string as boolean', { trace_mode: 'on', existing: 'true' }, /^existing should be of type boolean$/],
  ['off for a while', { trace_mode: 'off', for: '10m' }, /go with trace_mode 'on'/],
  ['off for existing connections', { trace_mode: 'off', existing: true }, /go with trace_mode 'on'/],
  ['an unknown member', { trace_mode: 'on', until: '10m' }, /^the body has an unknown member 'until'$/],
  ['an array', ['on'], /^the body should be of type object$/],
]
for (const [name, payload, detail] of badSwitches) {
  test(`PUT tls_trace with ${name} is a 400 and changes nothing`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({
      method: 'PUT',
      url: '/api/v1/tls_trace',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    })
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, detail)
    assert.deepEqual(gateway.calls, [])
  })
}

test('a dry run answers what the route says of each connection', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.filterAnswer = {
    matches: [
      { id: '12', peer: '203.0.113.9:50412', sni: 'a.example', traced: true },
      { id: '13', peer: '203.0.113.10:50413', sni: undefined, traced: false },
    ],
  }
  const answer = await api.inject({
    method: 'POST',
    url: '/api/v1/trace/filter/dry-run',
    payload: { route: 'exit;' },
  })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), {
    matches: [
      { conn_id: '12', peer: '203.0.113.9:50412', tls_sni: 'a.example', traced: true },
      { conn_id: '13', peer: '203.0.113.10:50413', traced: false },
    ],
  })
  assert.deepEqual(gateway.calls, [['dryRunFilter', 'exit;']])
})

test('PUT filter passes the text on and says who asked', async (t) => {
  const { api, gateway } = await testApi(t)
  const answer = await api.inject({ method: 'PUT', url: '/api/v1/trace/filter', payload: { route: 'drop;' } })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(gateway.calls, [['setFilter', 'drop;', 'api 127.0.0.1']])
})

for (const [method, url] of [
  ['POST', '/api/v1/trace/filter/dry-run'],
  ['PUT', '/api/v1/trace/filter'],
] as const) {
  test(`${method} ${url} answers a route that does not parse with line and column`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.filterAnswer = { problems: [{ line: 2, column: 7, message: '$tls_snj: unknown variable' }] }
    const answer = await api.inject({ method, url, payload: { route: 'if\n$tls_snj' } })
    assert.equal(answer.statusCode, 422)
    assert.equal(answer.json().detail, 'line 2, column 7: $tls_snj: unknown variable')
    assert.deepEqual(answer.json().errors, [{ line: 2, column: 7, detail: '$tls_snj: unknown variable' }])
  })
}

test('status answers everything the gateway tells', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.until = '2026-01-02T03:14:05.000Z'
  const answer = await api.inject('/api/v1/status')
  assert.deepEqual(answer.json(), gateway.status())
})

test('healthz answers 200 also while the gateway is not ready', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.ready = { ready: false, reasons: ['nothing listens'] }
  const answer = await api.inject('/healthz')
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), { status: 'alive' })
})

test('readyz answers 200 when ready and 503 with the reasons when not', async (t) => {
  const { api, gateway } = await testApi(t)
  assert.equal((await api.inject('/readyz')).statusCode, 200)
  gateway.ready = { ready: false, reasons: ['no upstream is up', 'no destination is connected'] }
  const answer = await api.inject('/readyz')
  assert.equal(answer.statusCode, 503)
  assert.deepEqual(answer.json().reasons, gateway.ready.reasons)
})

test('connections answers what is known of each', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.live = [liveConnection('1'), liveConnection('2')]
  const { connections } = (await api.inject('/api/v1/connections')).json()
  assert.deepEqual(
    connections.map((c: { conn_id: string }) => c.conn_id),
    ['1', '2'],
  )
  const certificate = {
    issuer: '/CN=Example CA',
    serial: '0A',
    san: 'DNS:peer.example.com',
    not_before: '2026-01-01T00:00:00Z',
    not_after: '2027-01-01T00:00:00Z',
    sha256: 'ab'.repeat(32),
  }
  assert.deepEqual(connections[0], {
    conn_id: '1',
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: '192.0.2.1:5061',
    peer: '[2001:db8::9]:50412',
    proxied_by: '192.0.2.7:4000',
    opened_at: '2026-01-02T03:04:05.000Z',
    domain: 'default',
    tls_version: 'TLSv1.3',
    tls_cipher: 'TLS_AES_256_GCM_SHA384',
    tls_sni: 'sip.example.com',
    tls_alpn: 'sip',
    tls_resumed: false,
    tls_group: 'X25519',
    ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    verify: 'ok',
    own_certificate: { subject: '/CN=sip.example.com', ...certificate },
    peer_certificate: { subject: '/CN=peer.example.com', ...certificate },
    peer_identities: ['peer.example.com'],
    trusted: true,
    handshake_ms: 12,
    bytes_in: 1000,
    bytes_out: 2000,
    msgs_in: 3,
    msgs_out: 4,
    relayed_to: '77',
  })
})

test('key material does not reach an answer, even when the view hands it over', async (t) => {
  const { api, gateway } = await testApi(t)
  const facts = liveConnection('1')
  gateway.live = [facts]
  const { body } = await api.inject('/api/v1/connections')
  assert.match(body, /"conn_id": "1"/)
  assert.equal(body.includes('c4c4'), false)
})

test('DELETE closes a connection, once', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.live = [liveConnection('12')]
  const closed = await api.inject({ method: 'DELETE', url: '/api/v1/connections/12' })
  assert.equal(closed.statusCode, 204)
  assert.equal(closed.body, '')
  gateway.live = []
  const gone = await api.inject({ method: 'DELETE', url: '/api/v1/connections/12' })
  assert.equal(gone.statusCode, 404)
  assert.deepEqual(gateway.calls[0], ['closeConnection', '12', 'api 127.0.0.1'])
})

test('a DELETE and a POST without a body may call it JSON', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.live = [liveConnection('12')]
  const headers = { 'content-type': 'application/json' }
  const closed = await api.inject({ method: 'DELETE', url: '/api/v1/connections/12', headers })
  assert.equal(closed.statusCode, 204)
  const reloaded = await api.inject({ method: 'POST', url: '/api/v1/reload', headers })
  assert.equal(reloaded.statusCode, 200)
})

test('reload answers 200, or 409 with every problem', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.reloadAnswer = { ok: true, problems: ['socket: changed, takes effect at the next start'] }
  const reloaded = await api.inject({ method: 'POST', url: '/api/v1/reload' })
  assert.equal(reloaded.statusCode, 200)
  assert.deepEqual(reloaded.json(), { ok: true, notes: ['socket: changed, takes effect at the next start'] })
  gateway.reloadAnswer = { ok: false, problems: ['cert.pem: expired', 'routes.a: line 1'] }
  const refused = await api.inject({ method: 'POST', url: '/api/v1/reload' })
  assert.equal(refused.statusCode, 409)
  assert.deepEqual(refused.json().errors, [{ detail: 'cert.pem: expired' }, { detail: 'routes.a: line 1' }])
})
