/** A server whose certificate is refused sends a broken record right behind its Finished: nothing but that connection ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecureContext, type SecureVersion } from 'node:tls'
import { TestCa } from '../support/certificates.js'
import { clientDomain, serverDomain } from '../support/domains.js'
import { tcpServer } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tappedServer } from '../support/tapped-tls.js'
import { tempDir } from '../support/tmp.js'

const stranger = TestCa.create().issue({ ips: ['127.0.0.1'] })
const brokenRecord = Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 0x5a)])

/** The server's Finished is in its first flight in TLS 1.3, in its second before that. */
const flights: readonly [SecureVersion, number][] = [
  ['TLSv1.3', 0],
  ['TLSv1.2', 1],
]

for (const [version, finishedIn] of flights) {
  test(`with ${version} the connect fails for its certificate and the gateway goes on`, async (t) => {
    const dir = tempDir(t)
    const secureContext = createSecureContext({ cert: stranger.certPem, key: stranger.keyPem, maxVersion: version })
    const port = await tcpServer(t, (socket) => {
      tappedServer(socket, { secureContext }, (bytes, writesBefore) =>
        writesBefore >= finishedIn ? Buffer.concat([bytes, brokenRecord]) : bytes,
      )
    })
    const scene = await startScene(
      t,
      {
        relay: { upstream: [`sips:127.0.0.1:${port}`] },
        tls_mgm: { server_domain: [serverDomain(dir, 'sip.example.com')], client_domain: [clientDomain(dir, port)] },
      },
      dir,
    )
    const client = await scene.client()
    client.send(sipRequest())
    await scene.event('CONNECTED', { Status: 'FAILURE', cause: 'unknown-ca' })
    await client.closed
    assert.equal((await scene.gateway.status()).state, 'running')
  })
}
