/**
 * Pages in Debian's chromium for browser tests. Every page is watched: an error on the console, one that nobody caught,
 * or something the Content-Security-Policy refused fails the test that had the page, whatever else it found.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, type ConsoleMessage, chromium, type Page } from 'playwright-core'
import { peer } from './peers.js'
import type { Scope } from './scope.js'
import { patienceMs } from './wait.js'

/** Small enough for what was watched, large enough for every column. */
const usualSize = { width: 1280, height: 900 }

/** A browser that lives as long as the suite. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: peer('chromium'),
    // As root there is no sandbox; /dev/shm is small in containers.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none'],
  })
  scope.after(() => browser.close())
  return browser
}

export interface PageOptions extends BrowserContextOptions {
  /** console errors that belong to the test: a gateway that is away, say */
  readonly expected?: RegExp
}

/** A page of its own, at `url`. When the test is over, it must have had nothing to complain of. */
export async function openPage(
  scope: Scope,
  browser: Browser,
  url: string,
  { expected, ...options }: PageOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: usualSize, reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(patienceMs)
  const page = await context.newPage()
  const complaints: string[] = []
  const complain = (text: string): void => {
    if (expected?.test(text) !== true) complaints.push(text)
  }
  // A refusal of the Content-Security-Policy comes as a console error too.
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(textOf(message))
  })
  page.on('pageerror', (error) => complain(error.stack ?? error.message))
  scope.after(async () => {
    await context.close()
    assert.deepEqual(complaints, [], `the page complained at ${url}`)
  })
  await page.goto(url)
  return page
}

function textOf(message: ConsoleMessage): string {
  return `${message.type()}: ${message.text()} (${message.location().url})`
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core finds that a person could not live with, one line each. Its script is evaluated, not put into the page. */
export async function accessibilityIssues(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, target }) => `${id}: ${help}: ${target.join(' ')} ${html}`))
}
