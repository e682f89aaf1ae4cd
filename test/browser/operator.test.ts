/** What an operator does with connections: takes what matches as a file, closes one and says why, reads a message. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Download } from 'playwright-core'
import type { AuditEntry } from '../../src/base/live.js'
import { lacks } from '../support/peers.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'
import { sipIn, warningsIn } from '../support/wireshark.js'
import { onDemo, openedId } from './stage.js'

describe('an operator', { skip: lacks('chromium', 'fonts', 'tshark') }, () => {
  const stage = onDemo()

  test('takes what is kept of all connections that match a search', async (t) => {
    const page = await stage.page(t, 'connections?search=user:alice')
    await page.getByRole('row', { name: /alice@example\.com/ }).waitFor()
    await page.getByRole('button', { name: 'Capture these' }).click()
    const dialog = page.getByRole('dialog', { name: 'Capture for Wireshark' })
    await dialog.getByText('user:alice').waitFor()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Download' }).click(),
    ])
    const captured = await sipIn(await kept(t, file))
    const { connections } = await stage.api<{ connections: { peer: string; local: string }[] }>(
      '/connections?search=user:alice&closed=true',
    )
    const ends = new Set(connections.flatMap(({ peer, local }) => [peer, local]))
    assert.ok(captured.length > 0)
    for (const line of captured) {
      const [source = '', destination = ''] = line.split(' ')
      assert.ok(ends.has(source) && ends.has(destination), line)
    }
  })

  test('follows what comes, sees how much it is in every view, and stops it when it is enough', async (t) => {
    const page = await stage.page(t, 'connections')
    await page.getByRole('button', { name: 'Capture these' }).click()
    await page.getByText('+ 5 min', { exact: true }).click()
    await page.getByRole('button', { name: 'Start' }).click()
    const banner = page.getByRole('region', { name: 'Capture' })
    await banner.getByText(/kB|MB/).waitFor()
    await banner.getByText(/[45]:\d\d left/).waitFor()
    const button = page.getByRole('button', { name: 'Capture these' })
    assert.equal(await button.getAttribute('aria-disabled'), 'true', 'one at a time')
    assert.equal(await button.and(page.locator(':focus')).count(), 1)
    await page.getByRole('link', { name: 'Overview' }).click()
    const before = await banner.innerText()
    await until('it grows', async () => (await banner.innerText()) !== before)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      banner.getByRole('button', { name: 'Stop and save' }).click(),
    ])
    await banner.waitFor({ state: 'detached' })
    assert.equal(await page.getByRole('main').and(page.locator(':focus')).count(), 1)
    const path = await kept(t, file)
    assert.ok((await sipIn(path)).length > 0)
    assert.deepEqual(await warningsIn(path), [])
  })

  test('closes a connection and says why: its end and the list of changes tell it', async (t) => {
    const page = await stage.page(t, 'connections?search=user:erin')
    await page.getByRole('row', { name: /erin@example\.com/ }).click()
    const id = await until('its id', () => openedId(page))
    await page.getByRole('button', { name: 'Close connection' }).click()
    await page.getByRole('textbox', { name: 'Reason' }).fill('phone was stolen')
    await page.getByRole('button', { name: 'Close it' }).click()
    await page.getByRole('dialog').getByText('phone was stolen').first().waitFor()
    await page.getByRole('button', { name: 'Close connection' }).waitFor({ state: 'detached' })
    assert.equal(await page.getByRole('dialog').locator(':focus').count(), 1, 'the focus stays in the drawer')
    assert.match((await stage.connection(id)).closed?.message ?? '', /phone was stolen/)
    const { audit } = await stage.api<{ audit: AuditEntry[] }>('/audit')
    assert.ok(audit.some(({ what }) => what.includes('phone was stolen')))
  })

  test('opens a message of a connection in its call, with its text', async (t) => {
    const page = await stage.page(t, 'connections?search=user:carol')
    await page.getByRole('row', { name: /carol@example\.com/ }).click()
    const messages = page.getByRole('list', { name: 'Newest messages first' })
    const link = messages.getByRole('link').last()
    const summary = await link.innerText()
    await link.click()
    await until('the call', () => page.url().includes('#/calls'))
    const text = page.getByRole('region', { name: 'Chosen message' }).locator('pre')
    await until('its text', async () => (await text.innerText()).startsWith(summary))
  })

  test('chooses the order of the cards on a phone', async (t) => {
    const page = await stage.page(t, 'connections', { viewport: { width: 390, height: 844 } })
    await page.getByRole('row', { name: /alice@example\.com/ }).waitFor()
    await page.getByLabel('Sorted by').selectOption({ label: 'Peer' })
    await page.getByRole('button', { name: 'Descending, turn round' }).click()
    await page.getByRole('button', { name: 'Ascending, turn round' }).waitFor()
    assert.match(page.url(), /sort=peer/)
    const peers = page.locator('.connection-card-head > .code')
    await until('the lowest address first', async () => (await peers.first().innerText()).startsWith('127.0.0.1'))
  })
})

async function kept(t: Parameters<typeof tempDir>[0], file: Download): Promise<string> {
  assert.match(file.suggestedFilename(), /^hepgate-[\dT_-]+\.pcapng$/)
  const path = join(tempDir(t), file.suggestedFilename())
  await file.saveAs(path)
  return path
}
