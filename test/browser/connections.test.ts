/** The view of connections: search, the drawer of one, what can be done about it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { lacks } from '../support/peers.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'
import { sipIn, warningsIn } from '../support/wireshark.js'
import { onDemo, openedId } from './stage.js'

describe('the view of connections', { skip: lacks('chromium', 'fonts', 'tshark') }, () => {
  const stage = onDemo()

  test('a search narrows the list and stays in the address', async (t) => {
    // half of a word is asked for too, when somebody types slowly: `user:` is refused
    const page = await stage.page(t, 'connections', { expected: /400 \(Bad Request\)/ })
    await page.getByRole('row', { name: /alice@example\.com/ }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('user:alice version:TLSv1.3')
    await until('one row and the head', async () => (await page.getByRole('row').count()) === 2)
    assert.match(await page.getByRole('row').nth(1).innerText(), /alice@example\.com/)
    assert.match(page.url(), /search=user%3Aalice/)
    await page.reload()
    await until('the same after a reload', async () => (await page.getByRole('row').count()) === 2)
  })

  test('a search that makes no sense is answered with a sentence, at the box', async (t) => {
    const page = await stage.page(t, 'connections', { expected: /400 \(Bad Request\)/ })
    const box = page.getByRole('combobox', { name: 'Search the connections' })
    await box.fill('vresion:1.2')
    await page.getByRole('alert').filter({ hasText: 'version' }).waitFor()
    assert.equal(await box.getAttribute('aria-invalid'), 'true')
    await box.fill('version:1.2')
    await page
      .getByRole('row', { name: /TLS 1\.2/ })
      .first()
      .waitFor()
  })

  test('who could not get in is among the closed ones, with the cause in words', async (t) => {
    const page = await stage.page(t, 'connections')
    await page.getByText('Closed lately', { exact: true }).click()
    await page
      .getByRole('row', { name: /203\.0\.113\.81:/ })
      .first()
      .click()
    const drawer = page.getByRole('dialog')
    await drawer.getByText('cert-expired').first().waitFor()
    await drawer.getByText('Look at this first').waitFor()
    await drawer.getByText('door-intercom.example.com').first().waitFor()
  })

  test('closing a connection takes its row away, and the phone notices', async (t) => {
    const page = await stage.page(t, 'connections?search=user:bob')
    const row = page.getByRole('row', { name: /bob@example\.com/ })
    await row.click()
    const id = await until('its id', () => openedId(page))
    const { peer } = await stage.connection(id)
    const phone = stage.demo.phones.find(({ options }) => options.user === 'bob')!
    await until('its phone', () => phone.agent?.address === peer)
    await page.getByRole('button', { name: 'Close connection' }).click()
    await page.getByRole('button', { name: 'Close it' }).click()
    await page.getByText(`The connection of ${peer} is being closed.`).first().waitFor()
    await page.getByRole('dialog').getByText('killed').first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('row', { name: peer }).waitFor({ state: 'detached' })
    await until('the phone on another connection', () => phone.agent !== undefined && phone.agent.address !== peer)
    await row.waitFor()
    assert.equal((await stage.connection(id)).closed?.cause, 'killed')
  })

  test('one connection can be traced on its own, for a while', async (t) => {
    const page = await stage.page(t, 'connections?search=user:carol')
    await page.getByRole('row', { name: /carol@example\.com/ }).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('button', { name: 'Keep it traced' }).click()
    const id = openedId(page)
    await until('it is picked', async () => {
      const { picked } = await stage.api<{ picked: { conn_id: string }[] }>('/tls_trace')
      return picked.some(({ conn_id }) => conn_id === id)
    })
  })

  test('its key log is refused without a token for secrets, in words, and nothing is downloaded', async (t) => {
    const page = await stage.page(t, 'connections?search=user:alice', { expected: /403 \(Forbidden\)/ })
    let downloads = 0
    page.on('download', () => downloads++)
    await page.getByRole('row', { name: /alice@example\.com/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Key log' }).click()
    await page.getByText('Keys are given only to a token with the scope secrets').waitFor()
    assert.equal(downloads, 0)
  })

  test('its capture opens in Wireshark: every message, in order, between its addresses', async (t) => {
    const page = await stage.page(t, 'connections?search=user:dave')
    await page.getByRole('row', { name: /dave@example\.com/ }).click()
    const capture = page.getByRole('dialog').getByRole('button', { name: 'Capture', exact: true })
    const [file] = await Promise.all([page.waitForEvent('download'), capture.click()])
    const { messages } = await stage.connection(openedId(page))
    const path = join(tempDir(t), file.suggestedFilename())
    await file.saveAs(path)
    assert.match(file.suggestedFilename(), /^hepgate-\d+\.pcapng$/)
    const captured = await sipIn(path)
    assert.ok(captured.length > 0)
    const expected = messages
      .filter(({ kind }) => kind === 'sip')
      .map(({ source, destination, summary }) => `${source} ${destination} ${summary}`)
    // Messages go on coming between the two.
    assert.deepEqual(captured, expected.slice(0, captured.length))
    assert.deepEqual(await warningsIn(path), [])
  })
})
