import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createServer } from 'node:tls'
import { ByteServer } from '../support/byte-server.js'
import { daysFromNow } from '../support/certificates.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { listening } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
process.env.RES_OPTIONS = 'timeout:1 attempts:1' // for the name that does not resolve

/** Nobody listens, nobody of that name, somebody whose certificate has expired, and then one that is fine. */
async function listOf(good: ByteServer, dir: string) {
  const expired = sceneCa.issue({ dns: ['localhost'], notBefore: daysFromNow(-9), notAfter: daysFromNow(-2) })
  const server = createServer({ cert: expired.chainPem, key: expired.keyPem })
  server.on('tlsClientError', () => {})
  const port = await listening(scope, server)
  const upstream = [
    `sip:127.0.0.1:${await freePort()};transport=tcp`,
    'sip:no-such-host.invalid:5060;transport=tcp',
    `sip:127.0.0.1:${port};transport=tls`,
    good.uri,
  ]
  return { upstream, client_domain: [clientDomain(dir, port, { server_name: 'localhost' })] }
}

for (const tls_async of [1, 0]) {
  test(`what waits for an upstream survives every failure, in order (tls_async ${tls_async})`, async () => {
    const good = await ByteServer.start(scope)
    const dir = tempDir(scope)
    const { upstream, client_domain } = await listOf(good, dir)
    const tls = { client_domain }
    const scene = await startScene(scope, { proto_tls: { tls_async }, relay: { upstream }, tls_mgm: tls }, dir)

    for (let round = 0; round < 2; round++) {
      const client = await scene.client()
      const peer = client.address
      const requests = Array.from({ length: 20 }, (_, i) => sipRequest({ cseq: i + 1 }))
      for (const request of requests) client.send(request)
      const all = Buffer.concat(requests)
      await until('all at the last upstream', () => good.received(round).length >= all.length, patienceMs)
      assert.equal(good.received(round).toString(), all.toString())
      await client.close()
      const closed = await scene.event('CLOSED', { peer })
      assert.deepEqual([closed.Status, closed.closed_by], ['SUCCESS', 'peer'])
    }
    await assertReported(scene, upstream)
  })
}

async function assertReported(scene: Scene, upstream: readonly string[]): Promise<void> {
  const outcomes = scene.events({ Event: 'CONNECTED' }).map(({ cause }) => cause)
  assert.deepEqual(outcomes.slice(0, 4), ['connect-refused', 'dns-failed', 'cert-expired', undefined])
  const { upstreams, messages } = await scene.gateway.status()
  assert.deepEqual(
    upstreams.map(({ uri }) => uri),
    upstream,
  )
  assert.deepEqual(
    upstreams.map(({ state }) => state),
    ['down', 'down', 'down', 'up'],
  )
  assert.match(String(upstreams[1]?.lastError), /^dns-failed: .*no-such-host\.invalid/)
  assert.equal(upstreams[3]?.lastError, undefined)
  assert.deepEqual(messages.lost, {})
  assert.equal(messages.relayed, 40)
}
