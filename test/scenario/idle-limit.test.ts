import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patienceMs, startScene } from '../support/scene.js'
import { within } from '../support/wait.js'

test('a silent connection ends after its lifetime with its upstream leg; keep-alives of the client keep both', async (t) => {
  const scene = await startScene(t, { limits: { tcp_connection_lifetime: 2 } })
  const kept = await scene.client()
  const keptPeer = kept.address
  const keepAlive = setInterval(() => kept.send('\r\n\r\n'), 200)
  t.after(() => clearInterval(keepAlive))
  await kept.request()

  // three silent lives, one after the other: three times as long as anybody may be silent
  for (let i = 0; i < 3; i++) {
    const silent = await scene.client()
    const peer = silent.address
    await silent.request()
    await within('its end', silent.closed, patienceMs)
    const closed = await scene.event('CLOSED', { peer })
    assert.deepEqual([closed.Status, closed.cause, closed.closed_by], ['SUCCESS', 'idle', 'timeout'])
    assert.ok(Number(closed.duration_ms) >= 1900, `after ${closed.duration_ms} ms`)
    const core = await scene.event('CLOSED', { conn_id: closed.relayed_to })
    // both legs were silent for as long: whichever was looked at first
    assert.ok(core.cause === 'idle' || core.cause === 'relay-closed', String(core.cause))
  }
  await kept.request()
  assert.ok(kept.crlfs > 10)
  await kept.close()
  assert.equal((await scene.event('CLOSED', { peer: keptPeer })).cause, 'peer-closed')
})
