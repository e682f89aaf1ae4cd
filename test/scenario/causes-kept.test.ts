import { after, test } from 'node:test'
import type { CauseOf } from '../support/cause-groups.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { assertFailure } from '../support/failure.js'
import { tcpServer } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }

/** It takes what it gets and says nothing, over TLS. */
async function mute(): Promise<SipTrunk> {
  const trunk = await SipTrunk.tls(scope, sceneCa.issue({ ips: ['127.0.0.1'] }))
  trunk.answer = undefined
  return trunk
}

const [pinged, asked] = [await mute(), await mute()]
/** our own server, in clear: it takes connections and says nothing either */
const upstream = await tcpServer(scope, (socket) => socket.resume())
const scene = await startScene(scope, {
  tls_mgm: { client_domain: [clientDomain(tempDir(scope), 0, { match_ip_address: ['*'] })] },
  trace: { core_events: 1 },
  relay: {
    mode: 'edge',
    upstream: [`sip:127.0.0.1:${upstream};transport=tcp`],
    options_interval: 1,
    options_timeout: 500,
    options_threshold: 1,
    pong_timeout: 500,
    trunk: [
      { uri: pinged.uri, keepalive: 1 },
      { uri: asked.uri, keepalive: 0, options: 1 },
    ],
  },
})

/** Who is silent to what. */
const silences: Record<CauseOf<'kept'>, readonly (readonly [string, string])[]> = {
  'keepalive-timeout': [
    ['a trunk to CRLFCRLF', pinged.address],
    ['a trunk to OPTIONS', asked.address],
    ['an upstream to OPTIONS', `127.0.0.1:${upstream}`],
  ],
}

for (const [cause, peers] of Object.entries(silences)) {
  for (const [what, peer] of peers) {
    test(`the end of a connection that we opened is reported with the cause: ${cause}, of ${what}`, async () => {
      await assertFailure(scene, 'ERROR', cause, { peer, direction: 'out' })
    })
  }
}
