import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import './browser.js'
import { Feed } from '../../../dashboards/live/net/feed.js'
import { until } from '../../support/wait.js'

interface Asked {
  readonly url: string
  readonly lastEventId: string | undefined
  readonly signal: AbortSignal
  answer(response: Response): void
  fail(): void
}

interface Timer {
  readonly run: () => void
  readonly ms: number
}

const asked: Asked[] = []
const heard: string[] = []
/** nobody waits in a test: what is to happen later happens when it is said */
const timers = new Map<number, Timer>()
const feeds: Feed[] = []

beforeEach(() => {
  const fetch = (url: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) =>
    new Promise<Response>((answer, reject) => {
      const fail = () => reject(new TypeError('no network'))
      asked.push({ url, lastEventId: headers['last-event-id'], signal, answer, fail })
    })
  let id = 0
  mock.method(globalThis, 'fetch', fetch as unknown as typeof globalThis.fetch)
  mock.method(globalThis, 'setTimeout', ((run: () => void, ms: number) => {
    timers.set(++id, { run, ms })
    return id
  }) as unknown as typeof setTimeout)
  mock.method(globalThis, 'clearTimeout', ((one: number) => timers.delete(one)) as unknown as typeof clearTimeout)
})

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.stop()
  mock.restoreAll()
  for (const kept of [asked, heard]) kept.length = 0
  timers.clear()
})

test('a stream begins with a snapshot and goes on with deltas', async () => {
  const feed = watching()
  assert.equal(feed.link.value.state, 'connecting')
  assert.equal(asked[0]!.url, '/api/v1/events?topics=connections&search=alice&limit=5')
  const stream = open()
  stream.say('a-1', 'snapshot')
  stream.say('a-2', 'delta')
  await until('both', () => heard.length === 2)
  assert.deepEqual(heard, ['snapshot a-1', 'delta a-2'])
  assert.equal(feed.link.value.state, 'live')
})

test('a stream that ends is asked for again, from the last event on', async () => {
  const feed = watching()
  const stream = open()
  stream.say('a-7', 'snapshot')
  await until('the snapshot', () => heard.length === 1)
  stream.end()
  await until('the wait', () => feed.link.value.state === 'waiting')
  fire(longest())
  assert.equal(asked.length, 2)
  assert.equal(asked[1]!.lastEventId, 'a-7')
})

test('another run of the gateway is told before its snapshot', async () => {
  watching()
  const stream = open()
  stream.say('a-7', 'snapshot')
  stream.say('b-1', 'snapshot')
  await until('the second', () => heard.length === 3)
  assert.deepEqual(heard, ['snapshot a-7', 'restarted', 'snapshot b-1'])
})

test('it waits longer from failure to failure, up to a bound, and shortly again once something came', async () => {
  const feed = watching()
  const delays: number[] = []
  for (let i = 0; i < 8; i++) {
    asked.at(-1)!.fail()
    await until('the wait', () => feed.link.value.state === 'waiting')
    delays.push(longest().ms)
    fire(longest())
  }
  for (const [i, ms] of delays.entries()) {
    const most = Math.min(1000 * 2 ** i, 15_000)
    assert.ok(ms >= most / 2 && ms <= most, `${ms} ms after ${i + 1} failures`)
  }
  const stream = open()
  stream.say('a-1', 'snapshot')
  await until('the snapshot', () => heard.length === 1)
  stream.end()
  await until('the wait', () => feed.link.value.state === 'waiting')
  assert.ok(longest().ms <= 1000)
})

test('a gateway that has no place left says for how long, and why', async () => {
  const feed = watching()
  asked[0]!.answer(problem(503, 'There are too many viewers.', { 'retry-after': '7' }))
  await until('the wait', () => feed.link.value.state === 'waiting')
  assert.equal(longest().ms, 7000)
  assert.ok(feed.link.value.state === 'waiting')
  assert.equal(feed.link.value.reason, 'There are too many viewers.')
})

test('a wrong question is not asked again', async () => {
  const feed = watching()
  asked[0]!.answer(problem(400, 'snii: is no name to search by.'))
  await until('the refusal', () => feed.link.value.state === 'refused')
  assert.equal(timers.size, 0)
  feed.retry()
  assert.equal(asked.length, 1)
})

test('silence is a broken network', async () => {
  const feed = watching()
  const stream = open()
  stream.say('a-1', 'snapshot')
  await until('the snapshot', () => heard.length === 1)
  fire(longest())
  assert.equal(feed.link.value.state, 'waiting')
  assert.ok(asked[0]!.signal.aborted)
})

test('another question gives up the one before, and begins anew', async () => {
  const feed = watching()
  const first = open()
  first.say('a-1', 'snapshot')
  await until('the snapshot', () => heard.length === 1)
  feed.watch({ topics: ['calls'] })
  assert.ok(asked[0]!.signal.aborted)
  assert.equal(asked[1]!.lastEventId, undefined)
  first.say('a-2', 'delta')
  const second = open()
  second.say('a-9', 'snapshot')
  await until('the second', () => heard.length === 2)
  assert.deepEqual(heard, ['snapshot a-1', 'snapshot a-9'])
})

test('stopped, it waits for nothing', async () => {
  const feed = watching()
  asked[0]!.fail()
  await until('the wait', () => feed.link.value.state === 'waiting')
  feed.stop()
  assert.equal(timers.size, 0)
  assert.equal(feed.link.value.state, 'idle')
})

function watching(): Feed {
  const feed = new Feed({
    snapshot: ({ at }) => heard.push(`snapshot ${at}`),
    delta: ({ at }) => heard.push(`delta ${at}`),
    restarted: () => heard.push('restarted'),
  })
  feeds.push(feed)
  feed.watch({ topics: ['connections'], search: 'alice', limit: 5 })
  return feed
}

/** Answers the latest request with a stream. */
function open(): { say(id: string, event: string): void; end(): void } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  asked.at(-1)!.answer(new Response(readable, { headers: { 'content-type': 'text/event-stream' } }))
  const write = (text: string) => void writer.write(new TextEncoder().encode(text)).catch(() => undefined)
  return {
    say: (id, event) => write(`id: ${id}\nevent: ${event}\ndata: {"at":"${id}"}\n\n`),
    end: () => void writer.close(),
  }
}

function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ detail }), { status, headers })
}

/** Of what waits now; there is never more than one retry, or one watch over silence. */
function longest(): Timer {
  const [timer] = [...timers.values()].sort((a, b) => b.ms - a.ms)
  assert.ok(timer !== undefined, 'nothing waits')
  return timer
}

function fire(timer: Timer): void {
  for (const [id, one] of timers) if (one === timer) timers.delete(id)
  timer.run()
}
