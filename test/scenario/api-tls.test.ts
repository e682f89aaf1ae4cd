/** The API speaks HTTPS with a certificate of its own, which a reload replaces; while the new one is bad the old one stays. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { TestCa } from '../support/certificates.js'
import { mainPath } from '../support/gateway-process.js'
import { freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

interface Answer {
  readonly status: number | undefined
  readonly body: unknown
  /** of the certificate that was shown */
  readonly serial: string
}

test('the certificate of the API is shown, replaced by a reload, and kept where the new one is bad', async (t) => {
  const dir = tempDir(t)
  const ca = TestCa.create()
  const caFile = ca.writeTo(dir)
  const [first, second] = [0, 1].map(() => ca.issue({ dns: ['localhost'], ips: ['127.0.0.1'] }))
  const { certificate, privateKey } = first!.writeTo(dir, 'api')
  const port = await freePort()
  const config = {
    socket: [`tls:127.0.0.1:${await freePort()}`],
    state_dir: join(dir, 'state'),
    api: { listen: `127.0.0.1:${port}`, certificate, private_key: privateKey },
  }
  const file = join(dir, 'gateway.yaml')
  writeFileSync(file, JSON.stringify(config))
  const gateway = startProcess(t, process.execPath, [mainPath, 'run', '--config', file])

  /** Over a connection of its own. */
  async function ask(method: string, path: string): Promise<Answer> {
    const asked = request({ host: '127.0.0.1', port, method, path, ca: ca.certPem, agent: false }).end()
    const [response] = await once(asked, 'response')
    const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
    return { status: response.statusCode, body: await json(response), serial: serialNumber }
  }

  await until('the gateway to run', async () => {
    assert.ok(gateway.running, gateway.output)
    return (await ask('GET', '/readyz')).status === 200
  })
  assert.equal((await ask('GET', '/api/v1/status')).serial, first!.serial)
  assert.match(gateway.output, new RegExp(`https://127\\.0\\.0\\.1:${port}`))

  second!.writeTo(dir, 'api')
  assert.equal((await ask('POST', '/api/v1/reload')).status, 200)
  assert.equal((await ask('GET', '/api/v1/status')).serial, second!.serial)

  writeFileSync(certificate, 'no certificate')
  const refused = await ask('POST', '/api/v1/reload')
  assert.equal(refused.status, 409)
  assert.match(JSON.stringify(refused.body), /api\.pem: holds no certificate/)
  assert.equal((await ask('GET', '/api/v1/status')).serial, second!.serial)

  const status = [mainPath, 'trace', 'status', '--url', `https://127.0.0.1:${port}`]
  const { stdout } = await promisify(execFile)(process.execPath, status, {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
  })
  assert.match(stdout, /^tracing +off$/m)
  await assert.rejects(promisify(execFile)(process.execPath, status), /NODE_EXTRA_CA_CERTS=FILE names a CA to trust/)
})
