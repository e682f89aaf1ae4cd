/** PROXY headers: any bytes, any split, only our results; what is written is read. */
import assert from 'node:assert/strict'
import { isIPv4 } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { plainIp } from '../../src/base/address.js'
import { inetBytes, inetText } from '../../src/base/inet.js'
import { ProxyReader, proxyHeaderV1, proxyHeaderV2 } from '../../src/tls/proxy-protocol.js'
import { cutAt } from '../support/cut.js'
import { assertLinear } from '../support/linear.js'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const cuts = fc.array(fc.nat(2500), { maxLength: 12 })
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((array) => inetText(Buffer.from(array), 0, 4))
/** Zeros are common in real addresses; the short form is all about them. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 })
  .map((array) => inetText(Buffer.from(array), 0, 16))
const port = fc.nat(0xffff)
const ip = fc.oneof(ipv4, ipv6)
const pair = fc.tuple(ip, ip)

const v2Start = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** Bytes that get further than the first. */
const almostHeader = fc.oneof(
  bytes,
  bytes.map((tail) => Buffer.concat([Buffer.from('PROXY '), tail])),
  fc.string({ maxLength: 120 }).map((text) => Buffer.from(`PROXY TCP4 ${text}\r\n`)),
  fc
    .tuple(fc.constantFrom(0x20, 0x21, 0x11), fc.constantFrom(0, 0x11, 0x21, 0x31), fc.nat(2100), bytes)
    .map(([command, family, length, tail]) =>
      Buffer.concat([v2Start, Buffer.from([command, family, length >> 8, length & 0xff]), tail]),
    ),
)

describe('PROXY protocol', () => {
  it('gives a header, a bad-proxy-header or more, the same for every split, and loses no byte', () => {
    fc.assert(
      fc.property(almostHeader, bytes, cuts, (start, tail, at) => {
        const stream = Buffer.concat([start, tail])
        const whole = new ProxyReader()
        const expected = whole.push(stream)
        const reader = new ProxyReader()
        let result: typeof expected = 'more'
        for (const piece of cutAt(stream, at)) result = reader.push(piece)
        assert.deepEqual(result, expected)
        if (typeof result === 'object' && 'cause' in result) assert.equal(result.cause, 'bad-proxy-header')
        assert.deepEqual(reader.rest(), whole.rest())
        assert.ok(stream.subarray(stream.length - reader.rest().length).equals(reader.rest()))
      }),
      { numRuns: 3000 },
    )
  })

  for (const [what, start] of [
    ['version 1', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 40000 5061\r\n')],
    ['version 2, a long one', Buffer.concat([v2Start, Buffer.from('20110800', 'hex'), Buffer.alloc(0x800)])],
  ] as const) {
    it(`takes time in proportion to the bytes, one at a time (${what})`, () => {
      assertLinear((size) => {
        const stream = Buffer.concat([start, Buffer.alloc(size)])
        return () => {
          const reader = new ProxyReader()
          for (let at = 0; at < stream.length; at++) reader.push(stream.subarray(at, at + 1))
          assert.equal(reader.rest().length, size)
        }
      }, 10_000)
    })
  }

  it('reads what it writes', () => {
    fc.assert(
      fc.property(pair, port, port, bytes, ([from, to], fromPort, toPort, rest) => {
        const source = { ip: from, port: fromPort }
        const destination = { ip: to, port: toPort }
        for (const write of [proxyHeaderV1, proxyHeaderV2]) {
          const reader = new ProxyReader()
          assert.deepEqual(reader.push(Buffer.concat([write(source, destination), rest])), {
            source: { ip: plainIp(from), port: fromPort },
            destination: { ip: plainIp(to), port: toPort },
          })
          assert.deepEqual(reader.rest(), rest)
        }
      }),
    )
  })
})

describe('the bytes of an address', () => {
  it('are those of its short form, which the URL parser writes alike', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (ip) => {
        const octets = inetBytes(ip)
        assert.equal(inetText(octets, 0, octets.length as 4 | 16), ip)
        if (!isIPv4(ip)) assert.equal(new URL(`http://[${ip}]`).hostname, `[${ip}]`)
      }),
    )
  })
})
