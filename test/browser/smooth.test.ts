/** A busy gateway, 5,000 connections and 2,000 messages a second: the page stays smooth, and does not grow. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { startApi } from '../../src/api/server.js'
import type { CallRow, ConnectionRow, CounterUpdate, Sample } from '../../src/base/live.js'
import { openPage, startBrowser } from '../support/browser.js'
import { FakeGateway } from '../support/fake-gateway.js'
import { lacks } from '../support/peers.js'
import { suiteScope } from '../support/scope.js'
import { until } from '../support/wait.js'
import { apiOptions } from '../unit/api/api.js'
import { type Picture, watched } from './watched.js'

const open = 5000
/** connections that carried something in a second, calls of which something was seen */
const active = 2000
const busyCalls = 200
/** that came, and that went, in a second */
const turnover = 40
const keptCalls = 1000
/** how long it is watched */
const seconds = 12

/** A page that holds still for longer feels broken; the machine may be busy with other tests, so once it may. */
const longestTaskMs = 200
const allowedLong = 1
const allowedGrowthBytes = 12 * 1024 * 1024

describe('the dashboard of a busy gateway', { skip: lacks('chromium', 'fonts') }, () => {
  const scope = suiteScope()
  let url: string
  let browser: Browser
  before(async () => {
    const gateway = watched(new FakeGateway(), busyPicture())
    const api = await startApi({ ...apiOptions(gateway), viewers: 32, listen: { ip: '127.0.0.1', port: 0 } })
    scope.after(() => api.close())
    url = api.url
    browser = await startBrowser(scope)
  })

  for (const [view, grid] of [
    ['connections', 'Live connections'],
    ['calls', 'Calls'],
  ] as const) {
    test(`${view} stay smooth and do not grow`, async (t) => {
      const page = await openPage(t, browser, `${url}/#/${view}`)
      const rows = page.getByRole('grid', { name: grid })
      await until('the rows', async () => Number(await rows.getAttribute('aria-rowcount')) > 900)
      const devtools = await page.context().newCDPSession(page)
      await delay(2000) // what is made once is made by then
      const before = await heapOf(devtools)
      await watchTasks(page)
      const text = await rows.innerText()
      await delay(seconds * 1000) // the measurement itself
      const tasks = await tasksOf(page)
      const grown = (await heapOf(devtools)) - before
      t.diagnostic(`longest tasks ${tasks.slice(0, 3).join(', ')} ms; heap ${(grown / 1e6).toFixed(1)} MB more`)
      assert.notEqual(await rows.innerText(), text, 'it went on')
      assert.ok(tasks.filter((ms) => ms > longestTaskMs).length <= allowedLong, `tasks of ${tasks.slice(0, 5)} ms`)
      assert.ok(grown < allowedGrowthBytes, `${grown} bytes more in ${seconds} s`)
    })
  }
})

/** Long Tasks (W3C): what kept the page from answering for 50 ms or more, from now on. */
async function watchTasks(page: Page): Promise<void> {
  await page.evaluate(`
    globalThis.longTasks = []
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
      .observe({ type: 'longtask' })`)
}

/** In ms, the longest first. */
async function tasksOf(page: Page): Promise<number[]> {
  const tasks = (await page.evaluate('longTasks')) as number[]
  return tasks.sort((a, b) => b - a)
}

/** Bytes in use when nothing is left to collect. */
async function heapOf(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage')
  return (await devtools.send('Runtime.getHeapUsage')).usedSize
}

function busyPicture(): Picture {
  const rows = new Map<string, ConnectionRow>(numbers(open).map((i) => [idOf(i), connection(i)]))
  let next = open
  const churn = () => {
    const removed = [...rows.keys()].slice(0, turnover)
    for (const id of removed) rows.delete(id)
    const fresh = numbers(turnover).map((i) => connection(next + i))
    next += turnover
    for (const row of fresh) rows.set(row.conn_id, row)
    return { removed, rows: fresh }
  }
  return {
    snapshot: (gateway) => ({
      at: now(),
      overview: { ...gateway.overview(), history: numbers(600).map((i) => sample(i - 600)) },
      connections: { rows: [...rows.values()], total: rows.size },
      calls: { rows: numbers(keptCalls).map((i) => call(i, 1)), total: keptCalls },
    }),
    delta: (gateway, n) => {
      const changed = churn()
      const counters = [...rows.keys()].slice(-active).map((id): CounterUpdate => [id, n * 900, n * 800, n * 2, n])
      return {
        at: now(),
        overview: gateway.overview(),
        samples: [sample(0)],
        connections: { ...changed, counters, total: rows.size },
        calls: {
          rows: numbers(busyCalls).map((i) => call((n * busyCalls + i) % keptCalls, n)),
          removed: [],
          total: keptCalls,
        },
      }
    },
  }
}

function connection(i: number): ConnectionRow {
  return {
    conn_id: idOf(i),
    state: 'open',
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: '192.0.2.1:5061',
    peer: `203.0.${(i >> 8) % 256}.${i % 256}:${20_000 + (i % 40_000)}`,
    listener: 'tls:0.0.0.0:5061',
    opened_at: now(),
    domain: 'default',
    tls_version: i % 5 === 0 ? 'TLSv1.2' : 'TLSv1.3',
    tls_cipher: 'TLS_AES_256_GCM_SHA384',
    tls_sni: 'sip.example.com',
    verify: 'none',
    peer_identities: [],
    bytes_in: i,
    bytes_out: i,
    msgs_in: 1,
    msgs_out: 1,
    users: [`phone-${i}@example.com`],
    traced: i % 3 === 0,
  }
}

function call(i: number, n: number): CallRow {
  return {
    call_id: `call-${i}@203.0.113.9`,
    method: 'INVITE',
    from: `phone-${i}@example.com`,
    to: `phone-${i + 1}@example.com`,
    state: n % 2 === 0 ? 'answered' : 'ended',
    status: 200,
    started_at: now(),
    last_at: now(),
    ring_ms: 40,
    answer_ms: 1200,
    messages: n * 10,
    retransmissions: 0,
    errors: 0,
    conn_ids: [idOf(i), idOf(i + 1)],
    agents: [],
  }
}

/** The second that ended `ago` seconds from now. */
function sample(ago: number): Sample {
  const t = Math.floor(Date.now() / 1000) + ago
  const busy = { open, in_handshake: 3, handshakes_ok: turnover, handshakes_failed: 2, failed_by: { 'not-tls': 2 } }
  const hep = { hep_dest: { sent: 2000, dropped: 0, queued: 12 } }
  return { t, ...busy, opened: turnover, closed: turnover, messages: 2000, messages_lost: 0, hep, loop_ms: 4 }
}

function idOf(i: number): string {
  return String(318_027_461_591_040n + BigInt(i))
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function now(): string {
  return new Date().toISOString()
}
