/** A gateway that wants a token: the page asks for it, and keeps it for the tab. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startApi } from '../../src/api/server.js'
import { openPage, startBrowser } from '../support/browser.js'
import { FakeGateway } from '../support/fake-gateway.js'
import { lacks } from '../support/peers.js'
import { suiteScope } from '../support/scope.js'
import { apiOptions } from '../unit/api/api.js'
import { namedToken } from '../unit/api/tokens.js'
import { watched } from './watched.js'

describe('a gateway with tokens', { skip: lacks('chromium', 'fonts') }, () => {
  const scope = suiteScope()
  const token = 'night-shift-7421'
  let url: string
  let browser: Browser
  before(async () => {
    const gateway = watched(new FakeGateway())
    const api = await startApi({
      ...apiOptions(gateway),
      tokens: [namedToken(token, ['read'])],
      listen: { ip: '127.0.0.1', port: 0 },
    })
    scope.after(() => api.close())
    url = api.url
    browser = await startBrowser(scope)
  })

  test('asks for one, says when it is wrong, and opens with the right one', async (t) => {
    const page = await openPage(t, browser, url, { expected: /401 \(Unauthorized\)/ })
    const dialog = page.getByRole('dialog', { name: 'This gateway wants a token' })
    await dialog.getByRole('textbox', { name: 'Token' }).fill('guessed')
    await dialog.getByRole('button', { name: 'Open' }).click()
    await dialog.getByText('this is not an API token of this gateway').waitFor()
    await dialog.getByRole('textbox', { name: 'Token' }).fill(token)
    await dialog.getByRole('button', { name: 'Open' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('banner').getByText('Running').waitFor()

    await page.reload()
    await page.getByRole('banner').getByText('Running').waitFor()
    assert.equal(await dialog.count(), 0, 'asked once for each tab')
    await page.getByRole('button', { name: 'Forget the token' }).click()
    await dialog.waitFor()
  })
})
