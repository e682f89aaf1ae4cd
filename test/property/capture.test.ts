/** Whatever a capture holds, reading it ends in messages, counts and our own errors; order on the wire does not matter. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { UsageError } from '../../src/base/errors.js'
import { DamagedCapture, readCapture } from '../../src/cli/capture/file.js'
import { SipFinder } from '../../src/cli/capture/sip-finder.js'
import { frame, ip, linkTypes, pcapFile, phoneToServer, tcpSegment, udpSegment } from '../support/pcap.js'
import { sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'

const linkType = fc.constantFrom(...Object.values(linkTypes), 147)

test('any bytes as a packet of any link type are found, skipped or wait, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), linkType, fc.boolean(), (bytes, type, cut) => {
      const finder = new SipFinder(() => {})
      finder.push({ micros: 1, linkType: type, bytes: Buffer.from(bytes), cut })
      finder.end()
      assert.equal(finder.packets, 1)
    }),
    { numRuns: 3000 },
  )
})

test('a good packet with some bytes changed never throws', () => {
  const good = [
    frame(ip(phoneToServer, 'udp', udpSegment(phoneToServer, sipRequest()))),
    frame(ip(phoneToServer, 'tcp', tcpSegment(phoneToServer, { sequence: 5 }, sipRequest()))),
  ]
  const change = fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 }))
  fc.assert(
    fc.property(fc.constantFrom(...good), fc.array(change, { minLength: 1, maxLength: 4 }), (packet, changes) => {
      const bytes = Buffer.from(packet)
      for (const [at, byte] of changes) bytes[at] = byte
      const finder = new SipFinder(() => {})
      for (let i = 0; i < 3; i++) finder.push({ micros: i, linkType: linkTypes.ethernet, bytes, cut: false })
      finder.end()
      assert.equal(finder.packets, 3)
    }),
    { numRuns: 3000 },
  )
})

test('segments of any size, in any order within a window and repeated at will give the same messages', () => {
  const messages = [1, 2, 3].map((i) => sipRequest({ callId: `call-${i}`, body: 'x'.repeat(i * 50) }))
  const stream = Buffer.concat(messages)
  const first = 0xffffff00 // wraps inside
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: stream.length }), { maxLength: 12 }),
      fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
      (cuts, order) => {
        const edges = [...new Set([0, stream.length, ...cuts])].sort((a, b) => a - b)
        const segments = edges.slice(1).map((end, i) => ({ at: edges[i]!, bytes: stream.subarray(edges[i], end) }))
        // all of them, after any of them in any order
        const sent = [...order.map((i) => segments[i % segments.length]!), ...segments]
        const found: string[] = []
        const finder = new SipFinder((_leg, _micros, buf, start, end) => found.push(buf.toString('latin1', start, end)))
        const push = (sequence: number, flags: string, bytes: Buffer) => {
          const packet = ip(phoneToServer, 'tcp', tcpSegment(phoneToServer, { sequence, flags }, bytes))
          finder.push({ micros: 1, linkType: linkTypes.raw, bytes: packet, cut: false })
        }
        push(first - 1, 'S', Buffer.alloc(0))
        for (const { at, bytes } of sent) push((first + at) >>> 0, 'A', bytes)
        finder.end()
        assert.deepEqual(found, messages.map(String))
        assert.equal(finder.gaps, 0)
      },
    ),
    { numRuns: 500 },
  )
})

test('any file is read to its end or ends in our own errors', async (t) => {
  const path = join(tempDir(t), 'any.pcap')
  const good = pcapFile([1, 2, 3].map((micros) => ({ micros, bytes: Buffer.alloc(40, micros) })))
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }))), fc.nat({ max: good.length }))
    .map(([changes, length]) => {
      const bytes = Buffer.from(good)
      for (const [at, byte] of changes) bytes[at] = byte
      return bytes.subarray(0, length)
    })
  const any = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(any, async (bytes) => {
      writeFileSync(path, bytes)
      try {
        for await (const packet of readCapture(path)) assert.ok(packet.bytes.length <= bytes.length)
      } catch (error) {
        assert.ok(error instanceof UsageError || error instanceof DamagedCapture, String(error))
      }
    }),
    { numRuns: 500 },
  )
})
