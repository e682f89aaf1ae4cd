/**
 * What the message store costs: ns per message on the path of the call (beside the encoding of the same message for a
 * HEP destination), later per message read, without captures and with as many as there may be, ms per page of calls,
 * and the memory of a full store.
 *
 *     node --expose-gc <build>/test/bench/live-store.js
 */

import { encodeHep, hepHead, hepTail } from '../../src/hep/encode.js'
import { MessageStore } from '../../src/live/messages/messages.js'
import { leg, noonMicros } from '../support/destinations.js'

const rounds = 9
const perRound = 20_000

/** About 600 octets; `call` and `cseq` tell one from the other. */
function message(call: number, cseq: number): Buffer {
  const text =
    'INVITE sip:bob@example.com SIP/2.0\r\n' +
    `Via: SIP/2.0/TLS 192.0.2.1:50412;branch=z9hG4bK${call}x${cseq};rport\r\n` +
    'Max-Forwards: 70\r\n' +
    `From: "Alice" <sip:alice${call}@example.com>;tag=9fxced76sl\r\n` +
    'To: <sip:bob@example.com>\r\n' +
    `Call-ID: 3848276298220188511-${call}@client.example.com\r\n` +
    `CSeq: ${cseq} INVITE\r\n` +
    'Contact: <sip:alice@192.0.2.1:50412;transport=tls>\r\n' +
    'User-Agent: bench\r\n'
  return Buffer.from(`${text}Content-Length: 200\r\n\r\n${'v'.repeat(200)}`)
}

function callIdOf(bytes: Buffer): [start: number, end: number] {
  const start = bytes.indexOf('Call-ID: ') + 'Call-ID: '.length
  return [start, bytes.indexOf('\r', start)]
}

function offer(store: MessageStore, on: ReturnType<typeof leg>, bytes: Buffer, micros: number): void {
  const [start, end] = callIdOf(bytes)
  store.sip(on, micros, bytes, 0, bytes.length, start, end)
}

/** Least of several rounds, ns each: what the code costs without what else the machine does. */
function best(work: () => void, prepare: () => void = () => {}): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    prepare()
    const started = process.hrtime.bigint()
    work()
    least = Math.min(least, Number(process.hrtime.bigint() - started))
  }
  return least
}

function report(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(60)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}`)
}

const one = message(1, 1)
const [callIdStart, callIdEnd] = callIdOf(one)
const on = leg({ direction: 'in' })

function take(store: MessageStore): void {
  for (let i = 0; i < perRound; i++) store.sip(on, noonMicros + i, one, 0, one.length, callIdStart, callIdEnd)
}

const fresh = { store: new MessageStore(32 << 20) }
const takeFresh = best(
  () => take(fresh.store),
  () => {
    fresh.store.stop()
    fresh.store = new MessageStore(32 << 20)
  },
)
report(`a message of ${one.length} octets is taken, new pages`, takeFresh / perRound, 'ns')

const full = new MessageStore(1 << 20)
const few = 1000
const takeFew = (): void => {
  for (let i = 0; i < few; i++) full.sip(on, noonMicros + i, one, 0, one.length, callIdStart, callIdEnd)
}
for (let i = 0; i < 100; i++) {
  takeFew()
  full.settle() // what waits is read, so that it is forgotten as it would be
}
report('the same, the oldest go', best(takeFew, () => full.settle()) / few, 'ns')

const page = Buffer.alloc(65536)
const head = hepHead({ source: on.source, destination: on.destination, protocol: 22, type: 1, captureId: 2001 })
const tail = hepTail({ nodeName: 'gw-1', extraCorrelation: '{"net":"8123456789"}' })
const encode = (): void => {
  for (let i = 0, at = 0; i < perRound; i++) {
    if (at + 1024 > page.length) at = 0
    at = encodeHep(page, at, head, tail, noonMicros, one, callIdStart, callIdEnd, one, 0, one.length)
  }
}
report('the same encoded for a HEP destination', best(encode) / perRound, 'ns')

const messages = Array.from({ length: 2000 }, (_, i) => message(i % 200, i))
const read = best(
  () => fresh.store.settle(),
  () => {
    fresh.store.stop()
    fresh.store = new MessageStore(32 << 20)
    for (const bytes of messages) offer(fresh.store, on, bytes, noonMicros)
  },
)
report('a message is read, later', read / messages.length, 'ns')

const others = Array.from({ length: 16 }, (_, i) => new Set([String(i)]))
const watched = best(
  () => {
    for (let left = messages.length; left > 0; left -= 500) fresh.store.settle()
  },
  () => {
    fresh.store.stop()
    fresh.store = new MessageStore(32 << 20)
    const { store } = fresh
    for (const users of others) {
      store.onMessage(
        () => {},
        (connId = '') => [...store.usersOf(connId)].some((user) => users.has(user)),
      )
    }
    for (const bytes of messages) offer(store, on, bytes, noonMicros)
  },
)
report('the same, and 16 captures of other users look at it', watched / messages.length, 'ns')

globalThis.gc?.()
const before = process.memoryUsage()
const calls = 50_000
const large = new MessageStore(64 << 20, calls)
for (let i = 0; i < calls; i++) {
  offer(large, on, message(i, 1), noonMicros + i)
  if (i % 1000 === 0) large.settle()
}
large.settle()
globalThis.gc?.()
const after = process.memoryUsage()
report(`heap of ${large.calls.size} calls of one message, each`, (after.heapUsed - before.heapUsed) / calls, 'octets')
report('their bytes outside of the heap', (after.arrayBuffers - before.arrayBuffers) / (1 << 20), 'MiB')
report(`page of 100 of ${large.calls.size} calls`, best(() => large.calls.list({ limit: 100 })) / 1e6, 'ms')
const search = 'user:alice4999 state:trying'
report(`page of calls, ${search}`, best(() => large.calls.list({ search, limit: 100 })) / 1e6, 'ms')
report('page of calls, a word found nowhere', best(() => large.calls.list({ search: 'zz', limit: 100 })) / 1e6, 'ms')
for (const store of [fresh.store, full, large]) store.stop()
