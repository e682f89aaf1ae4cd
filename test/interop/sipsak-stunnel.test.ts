/** sipsak, which speaks no TLS, through stunnel, which speaks nothing else: the built-in responder answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestCa } from '../support/certificates.js'
import { startGatewayProcess } from '../support/gateway-process.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { startStunnel } from '../support/stunnel.js'
import { tempDir } from '../support/tmp.js'

test('sipsak gets 200 for OPTIONS through stunnel', { skip: lacks('sipsak', 'stunnel') }, async (t) => {
  const dir = tempDir(t)
  const ca = TestCa.create()
  const files = ca.issue({ dns: ['sip.example.com'] }).writeTo(dir, 'gateway')
  const gateway = await startGatewayProcess(t, {
    relay: { mode: 'tunnel' },
    tls_mgm: {
      server_domain: [
        {
          name: 'default',
          certificate: files.certificate,
          private_key: files.privateKey,
          verify_cert: 0,
          require_cert: 0,
        },
      ],
    },
  })
  const stunnel = await startStunnel(t, gateway.port, ca.writeTo(dir), 'sip.example.com')

  const sipsak = await runProcess(peer('sipsak'), ['-vv', '-E', 'tcp', '-s', `sip:probe@127.0.0.1:${stunnel.port}`])
  assert.equal(sipsak.code, 0, sipsak.stdout + sipsak.stderr)
  assert.match(sipsak.stdout, /SIP\/2\.0 200 OK/)
  await stunnel.process.printed(/Certificate accepted at depth=0/)
  await stunnel.process.stop()
  await gateway.stop()
})
