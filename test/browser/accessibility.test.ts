/** axe-core on every view and both drawers, in light and dark, on a phone and on a desk. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { accessibilityIssues } from '../support/browser.js'
import { lacks } from '../support/peers.js'
import { onDemo } from './stage.js'

describe('the accessibility of the dashboard', { skip: lacks('chromium', 'fonts') }, () => {
  const stage = onDemo()

  const states: readonly [view: string, ready: (page: Page) => Promise<void>][] = [
    ['', (page) => page.getByText('Needs attention').waitFor()],
    ['connections', (page) => firstRow(page).waitFor()],
    ['connections?search=user:alice', openFirst],
    ['calls', (page) => firstRow(page).waitFor()],
    ['calls?search=method:INVITE', openFirst],
    ['trace', (page) => page.getByRole('textbox', { name: /Text of the filter/ }).waitFor()],
  ]
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      test(`axe-core finds nothing serious, ${colorScheme}, ${width} px`, async (t) => {
        const page = await stage.page(t, '', { colorScheme, viewport: { width, height: 900 } })
        for (const [view, ready] of states) {
          await page.goto(`${stage.demo.url}/#/${view}`)
          await ready(page)
          assert.deepEqual(await accessibilityIssues(page), [], `#/${view}`)
        }
      })
    }
  }
})

async function openFirst(page: Page): Promise<void> {
  await firstRow(page).click()
  await page.getByRole('dialog').getByRole('heading', { level: 2 }).waitFor()
}

/** A row of the table, or a card on a phone. */
function firstRow(page: Page): Locator {
  return page.getByRole('row', { name: /@example\.com/ }).first()
}
