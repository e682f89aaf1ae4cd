/** GET /readyz, which decides whether a load balancer sends phones here: it is about calls, not about traces. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freePort } from '../support/ports.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const nobody = await freePort()
const scene = await startScene(
  { after },
  { proto_hep: { hep_id: [`[hep_dest]127.0.0.1:${nobody};transport=tcp`] }, proto_tls: { trace_on: 1 } },
)

async function readiness({ gateway }: Scene): Promise<{ status: number; reasons?: string[] }> {
  const answer = await fetch(`${gateway.apiUrl}/readyz`)
  return { status: answer.status, ...((await answer.json()) as object) }
}

async function reload({ gateway }: Scene): Promise<void> {
  const answer = await fetch(`${gateway.apiUrl}/api/v1/reload`, { method: 'POST' })
  assert.equal(answer.status, 200)
}

test('a collector that is down takes no calls away', async () => {
  await scene.status('the collector is known to be down', ({ destinations }) => destinations[0]?.lastError)
  assert.equal((await readiness(scene)).status, 200)
})

test('a reload that changes nothing forgets nothing of an upstream', async () => {
  const client = await scene.client()
  await client.request()
  await reload(scene)
  const { upstreams } = await scene.gateway.status()
  assert.deepEqual(
    upstreams.map(({ state, connections }) => [state, connections]),
    [['up', 1]],
  )
  await client.close()
  await scene.status('the tunnel is gone', (status) => status.upstreams[0]?.connections === 0)
})

test('without an upstream it is not ready, says why, and a reload does not change that', async (t) => {
  const cut = await startScene(t, { relay: { upstream: [`sip:127.0.0.1:${nobody};transport=tcp`] } })
  assert.equal((await readiness(cut)).status, 200, 'nothing was tried yet')
  const client = await cut.client()
  client.send(sipRequest())
  await until('not ready', async () => (await readiness(cut)).status === 503, patienceMs)
  await reload(cut)
  const { status, reasons } = await readiness(cut)
  assert.deepEqual([status, reasons], [503, ['no upstream could be reached at the last attempt']])
})
