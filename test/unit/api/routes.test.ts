/** How the gateway is, reloads, destinations: what is asked of the gateway and what is answered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'

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

for (const [url, still, call] of [
  ['/api/v1/reload', 'the configuration before it still runs', 'reload'],
  ['/api/v1/domains/reload', 'the certificates before them are still used', 'reloadDomains'],
] as const) {
  test(`${url} answers 200, or 409 with every problem`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.reloadAnswer = { ok: true, problems: ['socket: changed, takes effect at the next start'] }
    const reloaded = await api.inject({ method: 'POST', url })
    assert.equal(reloaded.statusCode, 200)
    assert.deepEqual(reloaded.json(), { ok: true, notes: ['socket: changed, takes effect at the next start'] })
    gateway.reloadAnswer = { ok: false, problems: ['cert.pem: expired', 'routes.a: line 1'] }
    const refused = await api.inject({ method: 'POST', url })
    assert.equal(refused.statusCode, 409)
    assert.equal(refused.json().detail, `${still}: cert.pem: expired; routes.a: line 1`)
    assert.deepEqual(refused.json().errors, [{ detail: 'cert.pem: expired' }, { detail: 'routes.a: line 1' }])
    assert.deepEqual(gateway.calls, [
      [call, 'local 127.0.0.1'],
      [call, 'local 127.0.0.1'],
    ])
  })
}

test('a destination is paused, resumed and tested by its id', async (t) => {
  const { api, gateway } = await testApi(t)
  for (const [action, status] of [
    ['pause', 204],
    ['resume', 204],
    ['test', 200],
  ] as const) {
    const known = await api.inject({ method: 'POST', url: `/api/v1/destinations/hep_dest/${action}` })
    assert.equal(known.statusCode, status)
    const unknown = await api.inject({ method: 'POST', url: `/api/v1/destinations/a%2Fb/${action}` })
    assert.equal(unknown.statusCode, 404)
  }
  const by = 'local 127.0.0.1'
  assert.deepEqual(gateway.calls, [
    ['pauseDestination', 'hep_dest', true, by],
    ['pauseDestination', 'a/b', true, by],
    ['pauseDestination', 'hep_dest', false, by],
    ['pauseDestination', 'a/b', false, by],
    ['testDestination', 'hep_dest', by],
    ['testDestination', 'a/b', by],
  ])
})
