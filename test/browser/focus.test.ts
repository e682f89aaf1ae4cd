/** Without a mouse: where the focus goes, and that it is never lost. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { lacks } from '../support/peers.js'
import { until } from '../support/wait.js'
import { onDemo } from './stage.js'

/** More than there are controls in any view. */
const mostTabs = 120

describe('the focus', { skip: lacks('chromium', 'fonts') }, () => {
  const stage = onDemo()

  for (const view of ['connections', 'calls']) {
    test(`Tab leaves the search box of ${view} for the next control`, async (t) => {
      const page = await stage.page(t, view)
      await page.getByRole('row').nth(1).waitFor()
      await page.keyboard.press('/')
      await page.getByRole('listbox', { name: 'Search words' }).waitFor()
      await page.keyboard.press('Tab')
      await page.getByRole('listbox', { name: 'Search words' }).waitFor({ state: 'hidden' })
      assert.equal(await focusIsLost(page), false)
      assert.equal(await page.locator('.search :focus').count(), 0, 'it is behind the search')
    })

    test(`Enter opens a row of ${view}, and Escape goes back to the table`, async (t) => {
      const page = await stage.page(t, view)
      const grid = page.getByRole('grid')
      await grid.getByRole('row').nth(1).waitFor()
      await grid.focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      assert.equal(await grid.and(page.locator(':focus')).count(), 0)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await until('the focus on the grid', async () => (await grid.and(page.locator(':focus')).count()) === 1)
    })
  }

  test('Tab goes through the view of the trace, to its end, and leaves the filter as it is', async (t) => {
    const page = await stage.page(t, 'trace')
    const editor = page.getByRole('textbox', { name: 'Text of the filter' })
    await editor.waitFor()
    await page.getByRole('button', { name: 'Apply', exact: true }).first().waitFor()
    const before = await editor.innerText()
    let wasInEditor = false
    const last = page.getByRole('region', { name: 'Changes, newest first' })
    for (let tabs = 0; (await last.and(page.locator(':focus')).count()) === 0; tabs++) {
      assert.ok(tabs < mostTabs, 'the list of changes is reached')
      await page.keyboard.press('Tab')
      wasInEditor ||= (await editor.and(page.locator(':focus')).count()) === 1
    }
    assert.ok(wasInEditor, 'the editor is on the way')
    assert.equal(await editor.innerText(), before)
    assert.equal(await page.getByText('edited, not in place yet').count(), 0)
  })
})

function focusIsLost(page: Page): Promise<boolean> {
  return page.evaluate('document.activeElement === null || document.activeElement === document.body')
}
