/** The gateway goes and comes back while somebody looks. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startAgain } from '../support/gateway-process.js'
import { lacks } from '../support/peers.js'
import { suiteScope } from '../support/scope.js'
import { onDemo } from './stage.js'

describe('a gateway that is restarted', { skip: lacks('chromium', 'fonts') }, () => {
  const scope = suiteScope()
  const stage = onDemo()

  test('is said to be away, then to be another one, and the page shows what that one knows', async (t) => {
    const page = await stage.page(t, 'connections', { expected: /net::ERR_|Failed to fetch/ })
    const row = page.getByRole('row', { name: /alice@example\.com/ })
    const before = await row.innerText()
    await stage.demo.gateway.stop()
    const banner = page.getByRole('alert').filter({ hasText: 'Connection to the gateway lost' })
    await banner.waitFor()
    await page.getByRole('banner').getByText('Not connected').waitFor()
    assert.equal(await page.locator('main[data-stale=true]').count(), 1, 'what is old is dimmed')

    await startAgain(scope, stage.demo.gateway)
    await page.getByText('The gateway was restarted').first().waitFor()
    await banner.waitFor({ state: 'detached' })
    await row.waitFor()
    assert.notEqual(await row.innerText(), before, 'the phone came by another connection')
    // a restart does not forget that a trace was on, nor that it ends
    await page.getByRole('banner').getByText('Tracing').waitFor()
  })
})
