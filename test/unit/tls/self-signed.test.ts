import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import * as tls from 'node:tls'
import { ensureSelfSigned } from '../../../src/tls/self-signed.js'
import { dayMs, daysFromNow } from '../../support/certificates.js'
import { tempDir } from '../../support/tmp.js'

const names = ['sip.example.com', 'localhost', '127.0.0.1', '::1', 'localhost']
const certificateIn = (dir: string) => new X509Certificate(readFileSync(join(dir, 'self-signed.pem')))

describe('the self-signed certificate', () => {
  it('is made on the first start, for every name and address, with its key', async (t) => {
    const dir = join(tempDir(t), 'state')
    const now = new Date('2026-06-01T12:00:00Z')
    const made = await ensureSelfSigned(dir, names, now)
    assert.deepEqual(made, {
      certificate: join(dir, 'self-signed.pem'),
      privateKey: join(dir, 'self-signed.key'),
      created: true,
    })
    const x509 = certificateIn(dir)
    assert.equal(x509.subject, 'O=hepgate\nCN=sip.example.com')
    assert.ok(x509.verify(x509.publicKey))
    assert.ok(x509.checkPrivateKey(createPrivateKey(readFileSync(made.privateKey))))
    assert.equal(
      x509.subjectAltName,
      'DNS:sip.example.com, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    )
    assert.equal(Date.parse(x509.validTo) - now.getTime(), 825 * dayMs)
    assert.ok(Date.parse(x509.validFrom) < now.getTime())
  })

  it('is readable for its owner only, and no half-written file stays', async (t) => {
    const dir = join(tempDir(t), 'state')
    await ensureSelfSigned(dir, names, new Date())
    assert.equal(statSync(dir).mode & 0o777, 0o700)
    for (const name of ['self-signed.pem', 'self-signed.key']) {
      assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name)
    }
    assert.deepEqual(readdirSync(dir).sort(), ['self-signed.key', 'self-signed.pem'])
  })

  it('is used again on later starts, also when the names have changed', async (t) => {
    const dir = tempDir(t)
    await ensureSelfSigned(dir, names, new Date())
    const first = certificateIn(dir).fingerprint256
    assert.equal((await ensureSelfSigned(dir, ['other.example.com'], new Date())).created, false)
    assert.equal(certificateIn(dir).fingerprint256, first)
  })

  it('is made anew when it has less than 30 days left', async (t) => {
    const dir = tempDir(t)
    await ensureSelfSigned(dir, names, new Date())
    assert.equal((await ensureSelfSigned(dir, names, daysFromNow(794))).created, false)
    assert.equal((await ensureSelfSigned(dir, names, daysFromNow(796))).created, true)
    assert.ok(Date.parse(certificateIn(dir).validTo) > daysFromNow(1600).getTime())
  })

  it('is made anew when certificate and key do not belong together or are broken', async (t) => {
    const dir = tempDir(t)
    await ensureSelfSigned(dir, names, new Date())
    const key = readFileSync(join(dir, 'self-signed.key'))
    await ensureSelfSigned(dir, names, daysFromNow(800))
    writeFileSync(join(dir, 'self-signed.key'), key)
    assert.equal((await ensureSelfSigned(dir, names, daysFromNow(800))).created, true)
    writeFileSync(join(dir, 'self-signed.pem'), '')
    assert.equal((await ensureSelfSigned(dir, names, daysFromNow(800))).created, true)
  })

  it('has a common name also for a host name that is too long for one', async (t) => {
    const dir = tempDir(t)
    const long = `${'a'.repeat(60)}.example.com`
    await ensureSelfSigned(dir, [long], new Date())
    assert.equal(certificateIn(dir).subject, 'O=hepgate\nCN=hepgate')
    assert.equal(certificateIn(dir).subjectAltName, `DNS:${long}`)
  })

  it('is one that a client who was given it accepts', async (t) => {
    const { certificate, privateKey } = await ensureSelfSigned(tempDir(t), names, new Date())
    const cert = readFileSync(certificate)
    const server = tls.createServer({ cert, key: readFileSync(privateKey) }).listen(0, '127.0.0.1')
    t.after(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = tls.connect({ port, host: '127.0.0.1', servername: 'sip.example.com', ca: cert })
    t.after(() => client.destroy())
    await once(client, 'secureConnect')
    assert.equal(client.authorized, true)
  })
})
