/** Who registered over a connection, and by which socket it came in, stands with it: traced or not, in either mode. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { until } from '../support/wait.js'

const scope = { after }

interface Row {
  readonly conn_id: string
  readonly peer: string
  readonly users: readonly string[]
  readonly listener?: string
}

async function row(scene: Scene, client: SipClient, users: number): Promise<Row> {
  return until(
    `${users} users of ${client.address}`,
    async () => {
      const answer = await fetch(`${scene.gateway.apiUrl}/api/v1/connections`)
      const { connections } = (await answer.json()) as { connections: Row[] }
      return connections.find(({ peer, users: seen }) => peer === client.address && seen.length === users)
    },
    patienceMs,
  )
}

const register = (to: string): Buffer => sipRequest({ method: 'REGISTER', uri: 'sip:example.com', to })

test('tunnel mode', async () => {
  const scene = await startScene(scope, { proto_tls: { trace_on: 0 } })
  const [phone, silent] = [await scene.client(), await scene.client()]
  await phone.request({ to: '<sip:nobody@example.com>' })
  for (const to of ['"A" <sips:alice@Example.com:5061>', '<sip:bob@example.com>']) {
    phone.send(register(to))
    await phone.next()
  }
  const { users, listener } = await row(scene, phone, 2)
  assert.deepEqual(users, ['alice@example.com', 'bob@example.com'])
  assert.equal(listener, `tls:127.0.0.1:${scene.port}`)
  assert.deepEqual((await row(scene, silent, 0)).users, [])
})

test('edge mode, whatever the registrar answers', async () => {
  const cast: EdgeCast = await startEdgeCast(scope, { proto_tls: { trace_on: 0 } })
  const phone = await cast.phone()
  phone.send(register('<sip:alice@example.com;user=phone>'))
  cast.core.answer(await cast.core.next(), '401 Unauthorized')
  await phone.next()
  assert.deepEqual((await row(cast.scene, phone, 1)).users, ['alice@example.com'])
})
