/** A carrier's Kamailio that takes nobody over TLS without a certificate: calls out to it, and in from it, which are trusted. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startBaresip, talk } from '../support/baresip.js'
import { sceneCa } from '../support/domains.js'
import { startEdgeScene } from '../support/edge-scene.js'
import { startKamailioTrunk } from '../support/kamailio-trunk.js'
import { lacks } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { lastFirst } from '../support/scope.js'
import { headerOf, startLine } from '../support/sip.js'

const trust = { domains: ['carrier.example.net'], alert_info: { phone: 'cisco_ata', ring: 'Bellcore-dr2' } }
const number = '+4930123456'

describe('Kamailio as trunk', { skip: lacks('baresip', 'kamailio', 'kamailio-tls') }, () => {
  for (const core of ['tcp', 'udp'] as const) {
    test(`verifies our certificate, and calls go out and come in, core over ${core}`, async (t) => {
      const scope = lastFirst(t)
      const edgePort = await freePort()
      const trunk = await startKamailioTrunk(scope, {
        certificate: sceneCa.issue({ dns: ['carrier.example.net'], ips: ['127.0.0.1'] }),
        ca: sceneCa,
        gateway: `sip:127.0.0.1:${edgePort};transport=tls`,
      })
      const scene = await startEdgeScene(scope, { core, edgePort, trunkPort: trunk.tlsPort, trust })
      const subscriber = await startBaresip(scope, {
        user: number,
        domain: 'carrier.example.net',
        proxy: `127.0.0.1:${trunk.port}`,
        transport: 'udp',
      })
      await subscriber.registered()
      const alice = await scene.phone('alice')

      const out = await talk(alice, subscriber, subscriber, `sip:${number}@example.com`)
      await trunk.process.printed(/call of example\.com/)
      const into = await talk(subscriber, alice, subscriber)
      const invite = alice.messages().find(({ bytes }) => startLine(bytes).startsWith('INVITE sip:alice'))!
      assert.equal(headerOf(invite.bytes, 'Alert-Info'), 'Bellcore-dr2')
      for (const callId of [out, into]) {
        await scene.tracedAsSeenBy(alice, callId)
        await scene.tracedOnBothLegs(callId)
      }
      await scene.gateway.stop()
    })
  }
})
