/** The view of calls: the ladder of one, its messages, its capture. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { CallDetail, CallRow } from '../../src/base/live.js'
import type { PageOptions } from '../support/browser.js'
import { lacks } from '../support/peers.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'
import { sipIn, warningsIn } from '../support/wireshark.js'
import { onDemo } from './stage.js'

const settledMs = 2000

describe('the view of calls', { skip: lacks('chromium', 'fonts', 'tshark') }, () => {
  const stage = onDemo()

  test('the ladder has both legs, the other agent, and the TLS of each phone', async (t) => {
    const call = await ended()
    const page = await open(t, call)
    const drawer = page.getByRole('dialog')
    for (const who of ['hepgate', 'pbx-1', call.from!, call.to!]) await drawer.getByText(who).first().waitFor()
    await drawer
      .getByRole('link', { name: /^TLS 1\.[23]$/ })
      .first()
      .waitFor()
    const rungs = drawer.getByRole('option')
    await rungs.first().waitFor()
    assert.equal(Number(await rungs.first().getAttribute('aria-setsize')), (await detail(call)).flow.length)
    // the leg to the SIP server is said to be without TLS at its head
    await drawer
      .getByRole('link', { name: /^clear TCP/ })
      .first()
      .waitFor()
  })

  test('on a phone each message says in words what it is and who sent it, and a touch opens its text', async (t) => {
    const call = await ended()
    const { flow } = await detail(call)
    const page = await open(t, call, { viewport: { width: 390, height: 844 }, hasTouch: true })
    const rungs = page.getByRole('dialog').getByRole('option')
    const invite = rungs.filter({ hasText: new RegExp(`INVITE.*${call.from}.* to .*hepgate`, 's') }).first()
    await invite.waitFor()
    assert.equal(Number(await invite.getAttribute('aria-setsize')), flow.length)
    const beside = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    assert.ok(beside <= 0, `${beside} px are beside the screen`)
    await invite.tap()
    const text = page.getByRole('dialog', { name: /INVITE/ }).getByRole('region', { name: 'Chosen message' })
    const [via] = flow.filter(({ kind }) => kind === 'sip').map((message) => message.text!.split('\r\n')[1]!)
    await until('its text', async () => (await text.innerText()).includes(via!))
  })

  test('the arrow keys choose a message, and its text stands beside it', async (t) => {
    const call = await ended()
    const { flow } = await detail(call)
    const page = await open(t, call)
    const ladder = page.getByRole('listbox', { name: 'Messages of the call' })
    await ladder.focus()
    await page.keyboard.press('End')
    const last = flow.filter(({ kind }) => kind === 'sip').at(-1)!
    const text = page.getByRole('region', { name: 'Chosen message' })
    await until('the last message', async () => (await text.innerText()).includes(last.text!.split('\r\n')[1]!))
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    await until('the second', async () => {
      const [, second] = flow
      return (await text.innerText()).includes(second!.text?.split('\r\n')[1] ?? second!.summary)
    })
  })

  test('a message that was sent again is marked in the list and in the ladder', async (t) => {
    const call = await found('a call with retransmissions', ({ retransmissions }) => retransmissions > 0)
    const page = await open(t, call)
    await page
      .getByRole('option', { name: /200 OK.*again|repeat|retransm/i })
      .first()
      .waitFor()
  })

  test('its capture opens in Wireshark: every message of all legs, in order, between its addresses', async (t) => {
    const call = await ended()
    const page = await open(t, call)
    const button = page.getByRole('dialog').getByRole('button', { name: 'pcapng' })
    const [file] = await Promise.all([page.waitForEvent('download'), button.click()])
    const path = join(tempDir(t), file.suggestedFilename())
    await file.saveAs(path)
    const { flow } = await detail(call)
    const expected = flow
      .filter(({ kind }) => kind === 'sip')
      .map(({ source, destination, summary }) => `${source} ${destination} ${summary}`)
    assert.deepEqual(await sipIn(path), expected)
    assert.deepEqual(await warningsIn(path), [])
  })

  /** A call that was answered and is over, for so long that nothing more comes of it: not from another agent either. */
  function ended(): Promise<CallRow> {
    return found('a call that is over', ({ state, retransmissions, last_at }) => {
      return state === 'ended' && retransmissions === 0 && Date.now() - Date.parse(last_at) > settledMs
    })
  }

  function found(what: string, fits: (call: CallRow) => boolean): Promise<CallRow> {
    return until(what, async () => {
      const { calls } = await stage.api<{ calls: CallRow[] }>('/calls?limit=200&search=method:INVITE')
      return calls.find(fits)
    })
  }

  function detail({ call_id }: CallRow): Promise<CallDetail> {
    return stage.api(`/calls/${encodeURIComponent(call_id)}`)
  }

  async function open(t: TestContext, { call_id }: CallRow, options?: PageOptions): Promise<Page> {
    const page = await stage.page(t, `calls?id=${encodeURIComponent(call_id)}`, options)
    await page.getByRole('listbox', { name: 'Messages of the call' }).waitFor()
    return page
  }
})
