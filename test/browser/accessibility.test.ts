/** axe-core on every view, both drawers and dialogs, in light and dark, on a phone, on a desk and on a wall. */
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
    ['connections?search=user:bob', askToClose],
    ['connections?search=state:closed', openClosed],
    ['calls', (page) => firstRow(page).waitFor()],
    ['calls?search=method:INVITE', openFirst],
    ['trace', (page) => page.getByRole('textbox', { name: /Text of the filter/ }).waitFor()],
  ]
  // colours depend on the one, where things stand on the other
  const screens = [
    ['light', 390],
    ['dark', 390],
    ['light', 1280],
    ['dark', 1920],
  ] as const
  for (const [colorScheme, width] of screens) {
    test(`axe-core finds nothing serious, ${colorScheme}, ${width} px`, async (t) => {
      const page = await stage.page(t, '', { colorScheme, viewport: { width, height: 900 } })
      for (const [view, ready] of states) {
        await page.goto(`${stage.demo.url}/#/${view}`)
        await ready(page)
        assert.deepEqual(await accessibilityIssues(page), [], `#/${view}`)
      }
      await page.goto(stage.demo.url)
      await page.getByRole('link', { name: 'Overview' }).and(page.locator('[aria-current=page]')).waitFor()
      await openHelp(page)
      assert.deepEqual(await accessibilityIssues(page), [], 'help')
    })
  }
})

async function openFirst(page: Page): Promise<void> {
  await firstRow(page).click()
  await page.getByRole('dialog').getByRole('heading', { level: 2 }).waitFor()
}

/** The drawer of one that could not get in, with the list behind it. */
async function openClosed(page: Page): Promise<void> {
  await page
    .getByRole('row', { name: /cert-expired/ })
    .first()
    .click()
  await page.getByRole('dialog').getByText('Look at this first').waitFor()
}

/** The question before a connection is closed, over its drawer. */
async function askToClose(page: Page): Promise<void> {
  await openFirst(page)
  await page.getByRole('button', { name: 'Close connection' }).click()
  await page.getByRole('button', { name: 'Close it' }).waitFor()
}

async function openHelp(page: Page): Promise<void> {
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
}

/** A row of the table, or a card on a phone. */
function firstRow(page: Page): Locator {
  return page.getByRole('row', { name: /@example\.com/ }).first()
}
