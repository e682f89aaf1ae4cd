/** A flood from outside must not keep us from our own servers: what waits for them is bounded, their connection is not given up. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { GatedUpstream } from '../support/gated-upstream.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { sipRequest, startLine } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }

test('more messages than may wait, sent while the upstream shakes hands: the handshake goes on, and calls get through', async () => {
  const dir = tempDir(scope)
  const gated = await GatedUpstream.start(scope)
  const edgePort = await freePort()
  const scene = await startScene(
    scope,
    {
      socket: [`tls:127.0.0.1:${edgePort}`],
      tls_mgm: { client_domain: [gated.domain(dir)] },
      relay: { mode: 'edge', upstream: [gated.uri], options_interval: 0 },
    },
    dir,
  )
  await until('the handshake to wait', () => gated.waiting === 1)
  const flood = await scene.client({ port: edgePort })
  for (let i = 0; i < 200; i++) flood.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
  const refused = await flood.next()
  assert.equal(startLine(refused), 'SIP/2.0 503 Service Unavailable')
  gated.open()
  await until('the calls that waited at the upstream', () =>
    Buffer.concat(gated.received.flat()).includes('INVITE sip:bob@example.com'),
  )
  assert.equal(gated.received.length, 1, 'the one connection that was being opened')
  assert.deepEqual(scene.events({ Event: 'ERROR' }), [])
})
