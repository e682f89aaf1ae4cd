/**
 * `npm run screenshots`: pictures of every view of the running demo for the README, in light and dark, into
 * docs/images. The demo runs for a while before, so that the charts have something to show.
 */
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { openPage, startBrowser } from '../support/browser.js'
import { repoRoot } from '../support/paths.js'
import type { Scope } from '../support/scope.js'
import { until } from '../support/wait.js'
import { startDemo } from './demo.js'

/** Wide enough for every column of a ladder. A README with larger files is slow to open. */
const size = { width: 1440, height: 900 }
const maxBytes = 300_000
/** Charts of five minutes begin to look like something. */
const warmUpMs = 150_000

const pictures: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  overview: async (page) => {
    await page.goto('#/')
    await page.getByText('5 min', { exact: true }).click()
    await page.getByText('Needs attention').waitFor()
  },
  connections: async (page) => {
    await page.goto('#/connections')
    await page.getByRole('row', { name: /alice@example\.com/ }).waitFor()
  },
  connection: async (page) => {
    await page.goto('#/connections?search=user:alice')
    await page.getByRole('row', { name: /alice@example\.com/ }).click()
    await page.getByRole('dialog').getByText('Who and what').waitFor()
  },
  calls: async (page) => {
    await page.goto('#/calls?kind=calls')
    await page.getByRole('row', { name: /Ended/ }).first().waitFor()
  },
  ladder: async (page) => {
    await page.goto('#/calls?search=method:INVITE state:ended')
    await page
      .getByRole('row', { name: /retransmi|repeated|\d+ again/i })
      .first()
      .click()
    await page.getByRole('listbox', { name: 'Messages of the call' }).waitFor()
  },
  trace: async (page) => {
    await page.goto('#/trace')
    await page.getByRole('table', { name: /Live connections/ }).waitFor()
  },
}

const ends: (() => Promise<void> | void)[] = []
const scope: Scope = { after: (end) => void ends.push(end) }
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => void finish().then(() => process.exit(1)))
try {
  await takeAll()
} finally {
  await finish()
}

async function takeAll(): Promise<void> {
  const { url } = await startDemo(scope, { phones: 12, callsPerMinute: 30, port: 8080 })
  const browser = await startBrowser(scope)
  console.log(`the demo runs at ${url}; pictures in ${warmUpMs / 1000} s`)
  await delay(warmUpMs)
  for (const colorScheme of ['light', 'dark'] as const) await takeIn(browser, url, colorScheme)
}

async function takeIn(browser: Browser, url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const folder = join(repoRoot, 'docs/images')
  mkdirSync(folder, { recursive: true })
  const page = await openPage(scope, browser, url, { colorScheme, viewport: size, baseURL: `${url}/` })
  for (const [name, show] of Object.entries(pictures)) {
    await show(page)
    await settled(page)
    const path = join(folder, `${name}-${colorScheme}.png`)
    await page.screenshot({ path, animations: 'disabled' })
    const { size: bytes } = statSync(path)
    if (bytes > maxBytes) throw new Error(`${path} has ${bytes} bytes, more than ${maxBytes}`)
    console.log(`${path} ${Math.round(bytes / 1000)} kB`)
  }
}

/** Nothing is being loaded any more, and letters and lines are drawn. */
async function settled(page: Page): Promise<void> {
  await until('no skeletons', async () => (await page.locator('.skeleton').count()) === 0)
  await delay(1500)
}

async function finish(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end()
}
