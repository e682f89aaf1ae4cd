/** The view of the trace: the switch, how it ends, the filter, and all of it without a mouse. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { TraceStatus } from '../../src/base/status.js'
import { lacks } from '../support/peers.js'
import { until } from '../support/wait.js'
import { onDemo } from './stage.js'

describe('the view of the trace', { skip: lacks('chromium', 'fonts') }, () => {
  const stage = onDemo()
  afterEach(async () => {
    await stage.demo.gateway.put('/api/v1/tls_trace', { trace_mode: 'off' })
  })

  test('switched on for some seconds, it ends by itself, and every view shows both', async (t) => {
    const page = await stage.page(t, 'trace')
    const other = await stage.page(t, 'calls')
    await switchOff(page)
    await other.getByText('Trace off').waitFor()
    await page.getByText('Other', { exact: true }).click()
    await page.getByRole('textbox', { name: 'How long' }).fill('4s')
    await page.getByRole('button', { name: /^Start tracing/ }).click()
    await page.getByRole('switch', { name: 'On', exact: true }).waitFor()
    await other.getByRole('banner').getByText('Tracing').waitFor()
    await page.getByRole('switch', { name: 'Off', exact: true }).waitFor()
    await page.getByText('Tracing switched itself off: its time is over').waitFor()
    await other.getByText('Trace off').waitFor()
    assert.equal((await status()).trace_mode, 'off')
  })

  test('a scope that makes no sense is told at its field, and nothing changes', async (t) => {
    const page = await stage.page(t, 'trace', { expected: /4\d\d \(/ })
    await switchOff(page)
    const peer = page.getByRole('textbox', { name: 'Peer' })
    await peer.fill('203.0.113.0/99')
    await page.getByRole('button', { name: /^Start tracing/ }).click()
    await until('its error', async () => (await peer.getAttribute('aria-invalid')) === 'true')
    assert.equal((await status()).trace_mode, 'off')
    await peer.fill('203.0.113.0/24')
    await page.getByRole('button', { name: /^Start tracing/ }).click()
    await until('a narrowed trace', async () => (await status()).scope?.peer?.[0] === '203.0.113.0/24')
    await page.getByRole('banner').getByText('Tracing, narrowed').waitFor()
  })

  test('a filter is tried on the live connections while it is typed, and mistakes show where they are', async (t) => {
    const page = await stage.page(t, 'trace', { expected: /422 \(/ })
    await write(page, 'if ($si == "203.0.113.0/24")\n  exit;\nelse\n  dorp;')
    await page.getByText('Nothing to say while the text has mistakes.').waitFor()
    await page
      .getByRole('button', { name: /line 4|4:\d/i })
      .first()
      .waitFor()
    const mark = page.locator('.cm-lintRange-error')
    assert.deepEqual(await mark.allInnerTexts(), ['dorp'])
    await mark.hover()
    const said = page.locator('.cm-tooltip').getByText(/dorp/)
    await said.waitFor()
    const mistakes = page.getByRole('list', { name: 'Mistakes' })
    assert.ok((await mistakes.innerText()).includes(await said.innerText()), 'the same words under the cursor')
    await write(page, 'if ($si == "203.0.113.0/24")\n  exit;\nelse\n  drop;')
    await until('no mark', async () => (await mark.count()) === 0)
    const verdicts = page.getByRole('table', { name: 'Live connections and what the filter says of them' })
    await verdicts
      .getByRole('row', { name: /203\.0\.113\.\d+.*exit at line 2/s })
      .first()
      .waitFor()
    await verdicts
      .getByRole('row', { name: /198\.51\.100\.\d+.*drop at line 4/s })
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('The filter is in place').waitFor()
    await page.getByRole('button', { name: 'Revert to configured' }).click()
    await page.getByText('The filter is that of the configuration again.').waitFor()
  })

  test('a probe goes to a destination, and a pause shows', async (t) => {
    const page = await stage.page(t, 'trace')
    const destinations = page.getByRole('region', { name: 'Destinations' })
    await destinations.getByRole('button', { name: 'Test' }).click()
    await destinations.getByText('The probe was handed to the network').waitFor()
    await destinations.getByRole('button', { name: 'Pause' }).click()
    await destinations.getByText('paused', { exact: true }).waitFor()
    await destinations.getByRole('button', { name: 'Resume' }).click()
    await destinations.getByText('connected', { exact: true }).waitFor()
    await page
      .getByRole('region', { name: 'Changes', exact: true })
      .getByText(/resumed/i)
      .first()
      .waitFor()
  })

  test('the switch is reached and worked with the keyboard alone', async (t) => {
    await stage.demo.gateway.put('/api/v1/tls_trace', { trace_mode: 'on', for: '10m' })
    const page = await stage.page(t)
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.getByRole('switch', { name: 'On', exact: true }).waitFor()
    await tabTo(page, 'On')
    await page.keyboard.press('Space')
    await until('it is off', async () => (await status()).trace_mode === 'off')
    await page.getByRole('switch', { name: 'Off', exact: true }).waitFor()
    await tabTo(page, 'Off')
    await page.keyboard.press('Space')
    await until('it is on', async () => (await status()).trace_mode === 'on')
    assert.notEqual((await status()).until, undefined, 'it ends by itself')
  })

  function status(): Promise<TraceStatus> {
    return stage.api('/tls_trace')
  }

  async function switchOff(page: Page): Promise<void> {
    await stage.demo.gateway.put('/api/v1/tls_trace', { trace_mode: 'off' })
    await page.getByRole('switch', { name: 'Off', exact: true }).waitFor()
  }

  /** By keys, as a person does: what is put in at once is edited by the browser itself, styles and all. */
  async function write(page: Page, text: string): Promise<void> {
    await page.getByRole('textbox', { name: /Text of the filter/ }).click()
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.press('Delete')
    await page.keyboard.type(text)
  }

  /** Tab by tab, to the big switch with this name. */
  async function tabTo(page: Page, name: 'On' | 'Off'): Promise<void> {
    const wanted = page.getByRole('switch', { name, exact: true })
    for (let tabs = 0; tabs < 40; tabs++) {
      if ((await wanted.and(page.locator(':focus')).count()) === 1) return
      await page.keyboard.press('Tab')
    }
    assert.fail('40 tabs, and no switch')
  }
})
