/** sipsak, which speaks no TLS, through stunnel, which speaks nothing else: the built-in responder answers. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestCa } from '../support/certificates.js'
import { startGatewayProcess } from '../support/gateway-process.js'
import { lacks, peer } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { runProcess, startProcess } from '../support/process.js'
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
  const port = await freePort()
  const configuration = join(dir, 'stunnel.conf')
  writeFileSync(
    configuration,
    `foreground = yes
pid =
[sips]
client = yes
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${gateway.port}
sni = sip.example.com
CAfile = ${ca.writeTo(dir)}
verifyChain = yes
checkHost = sip.example.com
`,
  )
  const stunnel = startProcess(t, peer('stunnel'), [configuration])
  await stunnel.printed(/Configuration successful/)

  const sipsak = await runProcess(peer('sipsak'), ['-vv', '-E', 'tcp', '-s', `sip:probe@127.0.0.1:${port}`])
  assert.equal(sipsak.code, 0, sipsak.stdout + sipsak.stderr)
  assert.match(sipsak.stdout, /SIP\/2\.0 200 OK/)
  await stunnel.printed(/Certificate accepted at depth=0/)
  await stunnel.stop()
  await gateway.stop()
})
