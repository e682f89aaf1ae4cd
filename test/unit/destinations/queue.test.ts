import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PacketQueue } from '../../../src/destinations/queue.js'

const unlimited = { maxBytes: 1e9, maxPackets: 1e9 }

/** A packet of `size` octets that says which it is in octets 6 to 9. */
function put(queue: PacketQueue, number: number, size: number): boolean {
  const page = queue.open(size)
  if (page === undefined) return false
  page.bytes.write('HEP3', page.end, 'latin1')
  page.bytes.writeUInt16BE(size, page.end + 4)
  page.bytes.writeUInt32BE(number, page.end + 6)
  queue.commit(page, size)
  return true
}

function numberAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + 6)
}

test('packets leave in the order they came, one by one or as a run of one page', () => {
  const queue = new PacketQueue(unlimited)
  for (let i = 0; i < 4; i++) put(queue, i, 100)
  const one = queue.takePacket()!
  assert.deepEqual([numberAt(one.bytes, one.start), one.end - one.start, one.packets], [0, 100, 1])
  const run = queue.takeRun()!
  assert.deepEqual([numberAt(run.bytes, run.start), run.end - run.start, run.packets], [1, 300, 3])
  assert.equal(queue.takeRun(), undefined)
})

test('a packet that does not fit into the page goes into the next', () => {
  const queue = new PacketQueue(unlimited)
  put(queue, 0, 40_000)
  put(queue, 1, 40_000)
  assert.equal(queue.takeRun()!.packets, 1)
  assert.equal(queue.takeRun()!.packets, 1)
  assert.equal(queue.takeRun(), undefined)
})

test('the largest HEP packet fits', () => {
  const queue = new PacketQueue(unlimited)
  assert.ok(put(queue, 0, 65507))
  assert.equal(queue.takePacket()!.end, 65507)
})

test('full in packets or in bytes, the newest is refused, until something is done with', () => {
  for (const limits of [
    { maxBytes: 1e9, maxPackets: 2 },
    { maxBytes: 250, maxPackets: 1e9 },
  ]) {
    const queue = new PacketQueue(limits)
    assert.ok(put(queue, 0, 100))
    assert.ok(put(queue, 1, 100))
    assert.ok(!put(queue, 2, 100))
    queue.takePacket()
    assert.ok(!put(queue, 2, 100), 'what is being sent counts')
    queue.complete(1, 100)
    assert.ok(put(queue, 2, 100))
  }
})

test('a closed queue takes nothing more and keeps what it has', () => {
  const queue = new PacketQueue(unlimited)
  put(queue, 0, 100)
  queue.close()
  assert.ok(!put(queue, 1, 100))
  assert.equal(queue.packets, 1)
})

test('memory of a page being sent is not written again', () => {
  const queue = new PacketQueue(unlimited)
  put(queue, 0, 60_000)
  const run = queue.takeRun()!
  const { bytes, start } = run
  for (let i = 1; i < 50; i++) put(queue, i, 60_000)
  queue.dropWaiting()
  for (let i = 50; i < 99; i++) put(queue, i, 60_000)
  assert.equal(numberAt(bytes, start), 0)
})

test('pages are used again', () => {
  const queue = new PacketQueue(unlimited)
  const pages = new Set<Buffer>()
  for (let i = 0; i < 1000; i++) {
    put(queue, i, 40_000)
    put(queue, i, 40_000)
    for (let run = queue.takeRun(); run !== undefined; run = queue.takeRun()) {
      pages.add(run.bytes)
      queue.complete(run.packets, run.end - run.start)
    }
  }
  assert.ok(pages.size <= 2, `${pages.size} pages`)
})

test('moving hands over what waits, in order, and says what found no room', () => {
  const from = new PacketQueue(unlimited)
  const to = new PacketQueue({ maxBytes: 1e9, maxPackets: 4 })
  put(to, 100, 50)
  for (let i = 0; i < 6; i++) put(from, i, 30_000)
  from.takePacket() // stays: it is being sent
  assert.equal(from.moveWaiting(to), 2)
  assert.deepEqual([from.packets, from.waiting], [1, 0])
  const moved: number[] = []
  for (let one = to.takePacket(); one !== undefined; one = to.takePacket()) moved.push(numberAt(one.bytes, one.start))
  assert.deepEqual(moved, [100, 1, 2, 3])
})

test('onEmpty is called when the last packet is done with, sent or dropped', () => {
  const queue = new PacketQueue(unlimited)
  let calls = 0
  queue.onEmpty = () => calls++
  put(queue, 0, 10)
  put(queue, 1, 10)
  queue.takePacket()
  queue.complete(1, 10)
  assert.equal(calls, 0)
  queue.dropWaiting()
  assert.equal(calls, 1)
  assert.equal(queue.dropWaiting(), 0)
  assert.equal(calls, 1)
})

/** One step: a packet comes, some are taken, the oldest taken are done with, or what waits is dropped. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: fc.oneof(fc.integer({ min: 10, max: 900 }), fc.constant(40_000)) }) },
  { weight: 2, arbitrary: fc.constant({ take: 'packet' as const }) },
  { weight: 2, arbitrary: fc.constant({ take: 'run' as const }) },
  { weight: 4, arbitrary: fc.constant({ done: true as const }) },
  { weight: 1, arbitrary: fc.constant({ drop: true as const }) },
)

test('any sequence of steps behaves as a plain list does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const limits = { maxBytes: 200_000, maxPackets: 40 }
      const queue = new PacketQueue(limits)
      const waiting: { number: number; size: number }[] = []
      const taken: { number: number; size: number; bytes: Buffer; at: number }[] = []
      let next = 0
      for (const one of steps) {
        if ('put' in one) {
          const held = [...waiting, ...taken]
          const bytes = held.reduce((sum, packet) => sum + packet.size, 0)
          const fits = held.length < limits.maxPackets && bytes + one.put <= limits.maxBytes
          assert.equal(put(queue, next, one.put), fits)
          if (fits) waiting.push({ number: next, size: one.put })
          next++
        } else if ('take' in one) {
          const run = one.take === 'run' ? queue.takeRun() : queue.takePacket()
          assert.equal(run === undefined, waiting.length === 0)
          if (run === undefined) continue
          let at = run.start
          for (const packet of waiting.splice(0, run.packets)) {
            assert.equal(numberAt(run.bytes, at), packet.number)
            taken.push({ ...packet, bytes: run.bytes, at })
            at += packet.size
          }
          assert.equal(at, run.end)
        } else if ('done' in one) {
          const packet = taken.shift()
          if (packet === undefined) continue
          assert.equal(numberAt(packet.bytes, packet.at), packet.number, 'untouched while it was being sent')
          assert.equal(queue.oldestTakenBytes(), packet.size)
          queue.complete(1, packet.size)
        } else {
          assert.equal(queue.dropWaiting(), waiting.length)
          waiting.length = 0
        }
        assert.equal(queue.waiting, waiting.length)
        assert.equal(queue.packets, waiting.length + taken.length)
        const sizes = [...waiting, ...taken].map((packet) => packet.size)
        assert.equal(
          queue.bytes,
          sizes.reduce((sum, size) => sum + size, 0),
        )
      }
    }),
    { numRuns: 500 },
  )
})
