/** Certificates in the view of the trace: read again, refused when they are wrong, and who is still on an old one. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { AuditEntry, DomainView } from '../../src/base/live.js'
import { TestCa } from '../support/certificates.js'
import { configFile } from '../support/gateway-process.js'
import { lacks } from '../support/peers.js'
import { until } from '../support/wait.js'
import { onDemo, openedId } from './stage.js'

/** Where the phones of the demo are. */
const domain = 'sip.example.com'
const again = { name: 'Reload certificates' }

interface Files {
  readonly certificate: string
  readonly private_key: string
}

describe('certificates that are read again', { skip: lacks('chromium', 'fonts') }, () => {
  const stage = onDemo()

  test('a key that is of another one is refused in words, and the old certificate is still used', async (t) => {
    const page = await stage.page(t, 'trace', { expected: /409 \(Conflict\)/ })
    const card = page.getByRole('region', { name: 'TLS domains' })
    const problem = card.getByRole('alert')
    const before = await used()
    const { private_key } = files()
    const key = readFileSync(private_key)
    writeFileSync(private_key, newCertificate().keyPem)
    await card.getByRole('button', again).click()
    await problem.getByText('The old certificates are still used.').waitFor()
    assert.match(await problem.innerText(), new RegExp(`${domain}.*key`, 's'))
    assert.equal(await used(), before)
    const { audit } = await stage.api<{ audit: AuditEntry[] }>('/audit')
    assert.deepEqual([audit[0]?.action, audit[0]?.ok], ['domains-reload', false])

    writeFileSync(private_key, key)
    await card.getByRole('button', again).click()
    await page.getByText('Handshakes from now on use what was read.').waitFor()
    await problem.waitFor({ state: 'detached' })
  })

  test('another certificate shows, and who is still on the old one is a click away', async (t) => {
    const page = await stage.page(t, 'trace')
    const card = page.getByRole('region', { name: 'TLS domains' })
    const before = await used()
    const { certificate, private_key } = files()
    const { chainPem, keyPem } = newCertificate()
    writeFileSync(certificate, chainPem)
    writeFileSync(private_key, keyPem)
    await card.getByRole('button', again).click()
    const now = await until('another certificate', async () => ((await used()) === before ? undefined : used()))
    await card.getByTitle(now).waitFor()
    await card
      .getByText('still on an old certificate')
      .getByRole('link', { name: /^\d+ connections?$/ })
      .click()
    await page
      .getByRole('row', { name: /@example\.com/ })
      .first()
      .click()
    const { own_certificate } = await stage.connection(await until('its id', () => openedId(page)))
    assert.equal(own_certificate?.sha256, before)
  })

  /** SHA-256 of what handshakes use now. */
  async function used(): Promise<string> {
    const { domains } = await stage.api<{ domains: DomainView[] }>('/domains')
    return domains.find(({ name }) => name === domain)!.certificates[0]!.sha256
  }

  function files(): Files {
    const { tls_mgm } = JSON.parse(readFileSync(configFile(stage.demo.gateway.dir), 'utf8'))
    return (tls_mgm.server_domain as (Files & { name: string })[]).find(({ name }) => name === domain)!
  }
})

function newCertificate() {
  return TestCa.create().issue({ dns: [domain] })
}
