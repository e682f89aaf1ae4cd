/** The demo with a browser in front of it, for one suite of browser tests. */
import { before, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { ConnectionDetail } from '../../src/base/live.js'
import { type Demo, startDemo } from '../demo/demo.js'
import { openPage, type PageOptions, startBrowser } from '../support/browser.js'
import { suiteScope } from '../support/scope.js'

/** Enough phones for every ending of a call, and calls often enough that nobody waits for one. */
const usual = { phones: 12, callsPerMinute: 120 }

export class Stage {
  demo!: Demo
  browser!: Browser

  /** A watched page at a view: `connections?search=alice`. */
  page(t: TestContext, view = '', options?: PageOptions): Promise<Page> {
    return openPage(t, this.browser, `${this.demo.url}/#/${view}`, options)
  }

  async api<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.demo.url}/api/v1${path}`)
    if (!answer.ok) throw new Error(`${answer.status} for ${path}: ${await answer.text()}`)
    return (await answer.json()) as T
  }

  connection(id: string): Promise<ConnectionDetail> {
    return this.api(`/connections/${id}`)
  }
}

/** To be called in the body of the suite. */
export function onDemo(): Stage {
  const scope = suiteScope()
  const stage = new Stage()
  before(async () => {
    stage.demo = await startDemo(scope, usual)
    stage.browser = await startBrowser(scope)
  })
  return stage
}

/** The id in the address of the page: of the connection or call that is opened. */
export function openedId(page: Page): string {
  return new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('id') ?? ''
}
