import { after, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { sipRequest } from '../support/sip.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const dir = tempDir(scope)
const certificate = sceneCa.issue({ dns: ['trunk.example.com'] })

function start(tls_send_timeout: number): Promise<EdgeCast> {
  return startEdgeCast(scope, {
    proto_tls: { tls_send_timeout },
    tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] },
  })
}
const cast = await start(60000)
for (const transport of ['tls','tcp','tls','tcp','tls','tls'])
test('x', async () => {
  const trunk = transport === 'tls' ? await SipTrunk.tls(scope, certificate) : await SipTrunk.tcp(scope)
  const server = await cast.coreServer()
  server.send(sipRequest({uri: trunk.uri, method: 'MESSAGE'}))
  const over = await trunk.connection()
  await server.next()
  over.socket.pause()
  for (let i = 0; i < 400; i++) server.send(sipRequest({uri: trunk.uri, method: 'MESSAGE', body: 'x'.repeat(60000)}))
  const closed = await cast.scene.event('CLOSED', { peer: trunk.address })
  console.log(transport, closed.msgs_out, closed.bytes_out, closed.cause, (await cast.scene.gateway.status()).messages.lost)
  server.socket.destroy()
})
