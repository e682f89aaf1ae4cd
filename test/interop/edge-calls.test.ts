/** Phones over TLS behind the gateway call each other through a Kamailio that knows them by their Path. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { talk } from '../support/baresip.js'
import { startEdgeScene } from '../support/edge-scene.js'
import { lacks } from '../support/peers.js'
import { headerOf } from '../support/sip.js'

/** Short, because a phone notices a lost connection when it registers again. */
const expiresSeconds = 4

describe('two baresip phones and a Kamailio registrar', { skip: lacks('baresip', 'kamailio') }, () => {
  test('a phone that asks for outbound gets it, because our Path says ob (RFC 5626 §6)', async (t) => {
    const scene = await startEdgeScene(t, { core: 'tcp' })
    const bob = await scene.phone('bob', { outbound: true })
    assert.equal(headerOf(bob.messages().at(-1)!.bytes, 'Require'), 'outbound')
    await scene.gateway.stop()
  })

  for (const core of ['tcp', 'udp'] as const) {
    test(`call each other both ways and hang up from either end, core over ${core}`, async (t) => {
      const scene = await startEdgeScene(t, { core })
      const [alice, bob] = [await scene.phone('alice'), await scene.phone('bob', { outbound: true })]
      for (const [caller, callee, endedBy] of [
        [alice, bob, bob],
        [bob, alice, bob],
        [alice, bob, alice],
      ] as const) {
        const callId = await talk(caller, callee, endedBy)
        await scene.tracedAsSeenBy(alice, callId)
        await scene.tracedAsSeenBy(bob, callId)
        await scene.tracedOnBothLegs(callId)
      }
      await scene.gateway.stop()
    })

    test(`call each other after the callee's connection was lost and renewed, core over ${core}`, async (t) => {
      const scene = await startEdgeScene(t, { core })
      const [alice, bob] = [
        await scene.phone('alice', { expiresSeconds }),
        await scene.phone('bob', { expiresSeconds }),
      ]
      for (const [caller, callee] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        await scene.renewConnection(callee)
        const callId = await talk(caller, callee, callee)
        await scene.tracedAsSeenBy(alice, callId)
        await scene.tracedAsSeenBy(bob, callId)
        await scene.tracedOnBothLegs(callId)
      }
      await scene.gateway.stop()
    })
  }
})
