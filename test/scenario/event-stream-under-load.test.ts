/** Many watch a busy gateway, and one of them stops reading: it is let go, and nobody else is held up for it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { CallRow, ConnectionRow, CounterUpdate } from '../../src/base/live.js'
import { residentBytes } from '../support/memory.js'
import { type Scene, startScene } from '../support/scene.js'
import type { Scope } from '../support/scope.js'
import { sipRequest, startLine } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { patienceMs, until, within } from '../support/wait.js'
import { RememberingViewer, type WatchedEvent } from '../support/watched.js'

const phones = 200
const callsOfEach = 4
const handshakesAtOnce = 25
/** Of each phone, with an answer to each: 600 messages a second. */
const requestsPerSecond = 1.5
/** One address may have half of them: five that read, and the deaf one. */
const mostViewers = 12
/** So long a viewer may be deaf. What takes longer for others may have waited for it. */
const deafMs = 5000
/** The kernel takes some 3 MB for the deaf one before we notice: names as long as they are shown come to that soon. */
const longName = 'long'.repeat(60)
const longAddress = `<sip:${longName}@${longName}>`

/** Two ask for the same, as the deaf one does. */
const questions = [
  'limit=1000',
  'limit=1000',
  'topics=connections',
  'topics=connections&search=sni:b.example.com',
  'topics=calls',
]

test('viewers that read miss nothing, one that does not is ended, and every request is answered', async (t) => {
  const scene = await startScene(t, { live: { viewers: mostViewers } })
  const callers = await startCallers(t, scene)
  const readers = await Promise.all(
    questions.map(async (question) => new Reader(question, await watch(t, scene, question))),
  )
  const stopTalk = talk(callers)
  t.after(stopTalk)
  const [begun, before] = [performance.now(), messagesOf(callers)]
  const deaf = await watch(t, scene, questions[0]!)
  const whole = wholeness(deaf)
  assert.equal((await watch(t, scene, '')).statusCode, 503, 'all places are taken')

  await scene.gateway.process.printed(/too slow/, 3 * patienceMs)
  const seconds = (performance.now() - begun) / 1000
  const messages = messagesOf(callers) - before
  const rss = residentBytes(scene.gateway.process.pid)
  t.diagnostic(
    `the deaf one was ended after ${seconds.toFixed(1)} s; ${(messages / seconds).toFixed(0)} messages/s; ${(rss / 1e6).toFixed(0)} MB`,
  )
  deaf.resume()
  assert.equal(await within('the end of what the deaf one was sent', whole), false, 'cut, not completed')
  assert.equal((await watch(t, scene, '')).statusCode, 200, 'its place is free')

  stopTalk()
  await until('all answers', () => callers.every(({ waits }) => !waits))
  await within('the end of all calls', Promise.all(callers.map((caller) => caller.askInEachCall('BYE'))))
  for (const { statuses } of callers) assert.deepEqual([...statuses], ['SIP/2.0 200 OK'])
  const longestMs = Math.max(...callers.map((caller) => caller.longestMs))
  assert.ok(longestMs < deafMs, `an answer took ${longestMs} ms`)

  for (const reader of readers) {
    assert.ok(reader.isOpen, reader.question)
    await until(`the numbers of REST: ${reader.question}`, async () =>
      isDeepStrictEqual(reader.seen(), await told(scene, reader.question)),
    )
    reader.assertInOrder()
    assert.ok(reader.longestGapMs < deafMs, `${reader.question} heard nothing for ${reader.longestGapMs} ms`)
  }
  const [one, twin] = readers as [Reader, Reader]
  const shared = one.deltasSharedWith(twin)
  assert.ok(shared.length > 0)
  assert.deepEqual(twin.deltasSharedWith(one), shared, 'who asks the same is told the same')
})

/** A phone with some calls: a request at a time, within each of them in turn. */
class Caller {
  sent = 0
  answered = 0
  longestMs = 0
  readonly statuses = new Set<string>()
  readonly #client: SipClient
  readonly #number: number
  #whenAnswered: (() => void) | undefined

  constructor(client: SipClient, number: number) {
    this.#client = client
    this.#number = number
    client.onMessage = (answer) => {
      this.answered++
      this.statuses.add(startLine(answer))
      this.#whenAnswered?.()
    }
  }

  get waits(): boolean {
    return this.answered < this.sent
  }

  /** The next request, and its answer. */
  async ask(method: string): Promise<void> {
    const callId = `${this.#number}-${this.sent % callsOfEach}-${longName}`
    const sentMs = performance.now()
    this.#client.send(sipRequest({ method, callId, cseq: ++this.sent, from: `${longAddress};tag=1`, to: longAddress }))
    await new Promise<void>((resolve) => {
      this.#whenAnswered = resolve
    })
    this.longestMs = Math.max(this.longestMs, performance.now() - sentMs)
  }

  async askInEachCall(method: string): Promise<void> {
    for (let i = 0; i < callsOfEach; i++) await this.ask(method)
  }
}

async function startCallers(scope: Scope, scene: Scene): Promise<Caller[]> {
  const callers: Caller[] = []
  let next = 0
  const start = async (): Promise<void> => {
    while (next < phones) {
      const number = next++
      const client = await scene.client({ servername: number % 2 === 0 ? 'a.example.com' : 'b.example.com' })
      scope.after(() => void client.socket.destroy())
      const caller = new Caller(client, number)
      await caller.askInEachCall('INVITE')
      callers.push(caller)
    }
  }
  await Promise.all(Array.from({ length: handshakesAtOnce }, start))
  return callers
}

function messagesOf(callers: readonly Caller[]): number {
  return callers.reduce((sum, { sent, answered }) => sum + sent + answered, 0)
}

/**
 * A tenth of them after the other asks within a call, unless an answer is still to come: a busy machine is not flooded.
 * Returns how to end it.
 */
function talk(callers: readonly Caller[]): () => void {
  const turns = 10
  let turn = 0
  const timer = setInterval(
    () => {
      turn = (turn + 1) % turns
      for (const [i, caller] of callers.entries()) {
        if (i % turns === turn && !caller.waits) void caller.ask('INFO')
      }
    },
    1000 / requestsPerSecond / turns,
  )
  return () => clearInterval(timer)
}

/** The head of an event stream; nothing of it is read yet. */
async function watch(scope: Scope, { gateway }: Scene, question: string): Promise<IncomingMessage> {
  const request = get(`${gateway.apiUrl}/api/v1/events?${question}`, { agent: false })
  scope.after(() => void request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {}) // 'close' follows
  return response
}

/** Resolves when it is over: was it complete? */
function wholeness(response: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => response.once('close', () => resolve(response.complete)))
}

class Reader {
  readonly #viewer = new RememberingViewer()
  readonly #response: IncomingMessage

  constructor(
    readonly question: string,
    response: IncomingMessage,
  ) {
    this.#response = response
    assert.equal(response.statusCode, 200)
    response.setEncoding('utf8').on('data', (text: string) => this.#viewer.send(text))
  }

  get isOpen(): boolean {
    return !this.#response.destroyed
  }

  /** By the clock of the gateway, between one event and the next. */
  get longestGapMs(): number {
    const times = this.#viewer.events.map(({ data }) => Date.parse(data.at))
    return Math.max(...times.slice(1).map((time, i) => time - times[i]!))
  }

  /** What is on its screen now. */
  seen(): Picture {
    const connections = new Map<string, CounterUpdate>()
    const calls = new Map<string, CallRow>()
    for (const one of this.#viewer.events) {
      for (const row of one.data.connections?.rows ?? []) connections.set(row.conn_id, countersOf(row))
      for (const row of one.data.calls?.rows ?? []) calls.set(row.call_id, row)
      if (one.event === 'snapshot') continue
      for (const update of one.data.connections?.counters ?? []) connections.set(update[0], update)
      for (const id of one.data.connections?.removed ?? []) connections.delete(id)
      for (const id of one.data.calls?.removed ?? []) calls.delete(id)
    }
    return { connections, calls }
  }

  /** One snapshot, and after it only what changed, by one run of the gateway and with numbers that go up. */
  assertInOrder(): void {
    const { events, snapshots } = this.#viewer
    assert.equal(events[0]?.event, 'snapshot', this.question)
    assert.equal(snapshots.length, 1, this.question)
    const ids = events.map(({ id }) => id.split('-') as [epoch: string, n: string])
    assert.equal(new Set(ids.map(([epoch]) => epoch)).size, 1, this.question)
    const numbers = ids.map(([, n]) => Number(n))
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
      this.question,
    )
  }

  /** Those that came after both had their snapshot, and before either had the last. */
  deltasSharedWith(other: Reader): WatchedEvent[] {
    const { events } = this.#viewer
    const theirs = other.#viewer.events
    const from = Math.max(numberOf(events[0]!), numberOf(theirs[0]!))
    const to = Math.min(numberOf(events.at(-1)!), numberOf(theirs.at(-1)!))
    return events.filter((one) => numberOf(one) > from && numberOf(one) <= to)
  }
}

interface Picture {
  readonly connections: ReadonlyMap<string, CounterUpdate>
  readonly calls: ReadonlyMap<string, CallRow>
}

/** The same from REST. */
async function told({ gateway }: Scene, question: string): Promise<Picture> {
  const asked = new URLSearchParams(question)
  const topics = asked.get('topics') ?? 'connections,calls'
  const list = async <Row>(topic: 'connections' | 'calls'): Promise<Row[]> => {
    if (!topics.includes(topic)) return []
    const search = encodeURIComponent(asked.get('search') ?? '')
    const answer = await fetch(`${gateway.apiUrl}/api/v1/${topic}?limit=1000&search=${search}`)
    return ((await answer.json()) as Record<string, Row[]>)[topic]!
  }
  const connections = await list<ConnectionRow>('connections')
  const calls = await list<CallRow>('calls')
  return {
    connections: new Map(connections.map((row) => [row.conn_id, countersOf(row)])),
    calls: new Map(calls.map((row) => [row.call_id, row])),
  }
}

function countersOf({ conn_id, bytes_in, bytes_out, msgs_in, msgs_out }: ConnectionRow): CounterUpdate {
  return [conn_id, bytes_in, bytes_out, msgs_in, msgs_out]
}

function numberOf({ id }: WatchedEvent): number {
  return Number(id.split('-')[1])
}
