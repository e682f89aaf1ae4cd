/** One address opens connections and stays silent on all of them: clients at other addresses are served. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tcpConnect } from '../support/listening.js'
import { startScene } from '../support/scene.js'

const most = 64

test('one address cannot take all handshakes', async (t) => {
  const scene = await startScene(t, { limits: { max_handshakes: most } })
  await Promise.all(Array.from({ length: most }, () => tcpConnect(t, scene.port, '127.0.0.1', '127.0.0.2')))
  await scene.status('every connection has come', ({ connections: { inHandshake, closedTotal } }) => {
    return inHandshake + closedTotal >= most
  })
  const client = await scene.client({ localAddress: '127.0.0.3' })
  assert.match((await client.request()).answer.toString(), /^SIP\/2\.0 200/)
})
