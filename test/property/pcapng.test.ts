import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Endpoint } from '../../src/base/address.js'
import { silentLog } from '../../src/base/log.js'
import { Observers } from '../../src/base/observers.js'
import { Captures } from '../../src/live/capture/captures.js'
import { enhancedPacket } from '../../src/live/capture/pcapng.js'
import type { RawMessage } from '../../src/live/messages/stored.js'
import { Walks } from '../../src/live/walks.js'
import { readBlocks, readFrame, readPackets, readStreams } from '../unit/live/captured.js'

const port = fc.integer({ min: 0, max: 65535 })
const inet4 = fc.ipV4()
const inet6 = fc.ipV6().filter((ip) => !ip.includes('.'))
const endpoints: fc.Arbitrary<readonly [Endpoint, Endpoint]> = fc
  .oneof(fc.tuple(inet4, inet4), fc.tuple(inet6, inet6), fc.tuple(inet4, inet6))
  .chain(([a, b]) => fc.tuple(fc.record({ ip: fc.constant(a), port }), fc.record({ ip: fc.constant(b), port })))
  .filter(([a, b]) => a.ip !== b.ip) // nobody can tell which of two equal ends spoke

const message = fc.record({
  fromFirst: fc.boolean(),
  later: fc.integer({ min: 0, max: 10_000_000 }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 1, max: 65_507 }).map((length) => Buffer.alloc(length, 'long')),
  ),
})

const nobody = {
  observers: new Observers(silentLog),
  version: '1.2.3',
  connection: () => undefined,
  timeline: () => [],
  keylog: () => [],
  rawOfConnection: () => [],
  rawOfCall: () => [],
  onMessage: () => () => {},
  settle: () => {},
  walks: new Walks(),
  matching: () => () => false,
}

async function fileOf(messages: readonly RawMessage[]): Promise<Buffer> {
  const file = new Captures({ ...nobody, rawSince: () => messages }).begin({ follow: false, keys: false })
  assert.ok(file !== undefined && !('problem' in file))
  const pieces: Buffer[] = []
  for await (const piece of file) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('any messages between two ends', () => {
  for (const transport of ['tls', 'udp']) {
    test(`come out of a capture over ${transport} as they went in, in packets without a fault`, async () => {
      const property = fc.asyncProperty(
        endpoints,
        fc.array(message, { minLength: 1, maxLength: 12 }),
        async ([first, second], said) => {
          let micros = Date.UTC(2026, 0, 31) * 1000
          const messages = said.map(({ fromFirst, later, bytes }, n): RawMessage => {
            micros += later
            const [source, destination] = fromFirst ? [first, second] : [second, first]
            return { n, micros, source, destination, transport, connId: '1', callId: 'a', bytes }
          })
          const packets = readPackets(await fileOf(messages))
          const times = packets.map((packet) => packet.micros)
          assert.deepEqual(
            times,
            times.toSorted((a, b) => a - b),
          )
          const frames = packets.map(({ bytes }) => bytes)
          const whole = (of: boolean) =>
            Buffer.concat(said.filter(({ fromFirst }) => fromFirst === of).map((m) => m.bytes))
          if (transport === 'udp') {
            assert.deepEqual(
              frames.map((frame) => readFrame(frame).payload),
              said.map(({ bytes }) => bytes),
            )
          } else {
            const streams = [...readStreams(frames).values()] // the one who spoke first comes first
            const { fromFirst } = said[0]!
            assert.ok(streams[0]!.equals(whole(fromFirst)))
            assert.ok(streams[1]!.equals(whole(!fromFirst)))
          }
        },
      )
      await fc.assert(property, { numRuns: 100 })
    })
  }
})

test('a packet is read as it was written, whatever is in its bytes and comments', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 4 }),
      fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom('in' as const, 'out' as const, undefined),
      (octets, comments, micros, direction) => {
        const bytes = Buffer.from(octets)
        const block = enhancedPacket({ interfaceId: 2, micros, bytes, direction, comments })
        assert.equal(readBlocks(block).length, 1)
        const flags = direction === undefined ? undefined : direction === 'in' ? 1 : 2
        assert.deepEqual(readPackets(block), [{ interfaceId: 2, micros, bytes, comments, flags }])
      },
    ),
    { numRuns: 300 },
  )
})
