/** Every view shows what happens now. */
import { describe, test } from 'node:test'
import { lacks } from '../support/peers.js'
import { until } from '../support/wait.js'
import { onDemo } from './stage.js'

describe('every view of the dashboard', { skip: lacks('chromium', 'fonts') }, () => {
  const stage = onDemo()

  test('the overview counts what is open and says what needs attention', async (t) => {
    const page = await stage.page(t)
    const main = page.getByRole('main')
    await main.getByText('TLS handshakes failed in the last 5 minutes').waitFor()
    await main.getByText('sip.example.com in 8 days').first().waitFor()
    await main
      .getByText(/sip\.carrier\.example/)
      .first()
      .waitFor()
    await until('all phones', async () => {
      const { status } = await stage.api<{ status: { connections: { open: number } } }>('/overview')
      return status.connections.open > stage.demo.phones.length
    })
    await until('their number', async () => {
      const text = await main.innerText()
      return Number(/Live connections\s+(\d+)/.exec(text)?.[1]) >= stage.demo.phones.length
    })
  })

  test('the numbers of a connection go up while one looks', async (t) => {
    const page = await stage.page(t, 'connections')
    const row = page.getByRole('row', { name: /alice@example\.com/ })
    const before = await row.innerText()
    await until('other numbers', async () => (await row.innerText()) !== before)
  })

  test('a call appears while one looks, and changes', async (t) => {
    const page = await stage.page(t, 'calls?kind=calls')
    const grid = page.getByRole('grid', { name: 'Calls' })
    await grid
      .getByRole('row', { name: /@example\.com/ })
      .first()
      .waitFor()
    const rows = Number(await grid.getAttribute('aria-rowcount'))
    await until('one more', async () => Number(await grid.getAttribute('aria-rowcount')) > rows)
    for (const state of ['Answered', 'Ended', 'Failed', 'Cancelled']) {
      await grid
        .getByRole('row', { name: new RegExp(`^${state} `) })
        .first()
        .waitFor()
    }
  })

  test('the trace view knows the switch, the destinations, the certificates and who changed what', async (t) => {
    const page = await stage.page(t, 'trace')
    await page.getByRole('switch', { name: 'On', exact: true }).waitFor()
    await page.getByRole('region', { name: 'Destinations' }).getByText('hep_dest').waitFor()
    await page.getByText('voip.example.net').first().waitFor()
    await page.getByText('Tracing switched on').waitFor()
  })

  test('the keys g and a letter go from view to view', async (t) => {
    const page = await stage.page(t)
    for (const [key, title] of [
      ['c', 'Connections'],
      ['k', 'Calls'],
      ['t', 'Trace'],
      ['o', 'Overview'],
    ] as const) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await page.getByRole('link', { name: title }).and(page.locator('[aria-current=page]')).waitFor()
    }
  })
})
