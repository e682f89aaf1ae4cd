/** The ClientHello reader: any bytes, any split, only our results, linear time; what is offered is reported. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HelloReader, maxHelloBytes } from '../../src/tls/client-hello.js'
import {
  alpn,
  clientHello,
  record,
  records,
  serverName,
  signatureAlgorithms,
  supportedVersions,
} from '../support/client-hello.js'
import { cutAt } from '../support/cut.js'

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array))
const cuts = fc.array(fc.nat(600), { maxLength: 12 })
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const protocol = fc.stringMatching(/^[!-~]{1,12}$/)

const offer = fc.record({
  sni: fc.option(host, { nil: undefined }),
  protocols: fc.array(protocol, { maxLength: 4 }),
  ciphers: fc.array(fc.nat(0xffff), { maxLength: 40 }),
  versions: fc.subarray([0x0304, 0x0303, 0x0302, 0x0301], { minLength: 1 }),
  bytesPerRecord: fc.integer({ min: 1, max: 300 }),
})
type Offer = typeof offer extends fc.Arbitrary<infer T> ? T : never

function streamOf({ sni, protocols, ciphers, versions, bytesPerRecord }: Offer): Buffer {
  const extensions = [
    supportedVersions(0x0a0a, ...versions),
    signatureAlgorithms(0x0403),
    ...(sni === undefined ? [] : [serverName(sni)]),
    ...(protocols.length === 0 ? [] : [alpn(...protocols)]),
  ]
  return records(clientHello({ ciphers, extensions }), bytesPerRecord)
}

/** Hellos with some bytes changed, records around anything, and anything at all. */
const hostile = fc.oneof(
  fc
    .tuple(offer, fc.array(fc.tuple(fc.nat(500), fc.nat(255)), { minLength: 1, maxLength: 6 }))
    .map(([each, changes]) => {
      const stream = streamOf(each)
      for (const [at, value] of changes) stream[at % stream.length] = value
      return stream
    }),
  bytes.map((body) => record(Buffer.concat([Buffer.from([1, 0, 0, Math.min(body.length, 255)]), body]))),
  bytes.map((body) => record(body)),
  bytes,
)

const causes = ['tls-protocol-error', 'not-tls', 'http-on-sip-port']

describe('the ClientHello reader', () => {
  it('gives facts, one of its causes or more, the same for every split, and loses no byte', () => {
    fc.assert(
      fc.property(hostile, bytes, cuts, (start, tail, at) => {
        const stream = Buffer.concat([start, tail])
        const expected = new HelloReader().push(stream)
        const reader = new HelloReader()
        let result: typeof expected = 'more'
        for (const piece of cutAt(stream, at)) result = reader.push(piece)
        assert.deepEqual(result, expected)
        assert.deepEqual(reader.taken(), stream)
        if (result === 'more') return
        if ('cause' in result) assert.ok(causes.includes(result.cause), result.cause)
        else assert.match(result.ja4, /^t[0-9s]{2}[di]\d{4}..(_[0-9a-f]{12}){2}$/)
      }),
      { numRuns: 5000 },
    )
  })

  it('reports what the client offers', () => {
    fc.assert(
      fc.property(offer, (each) => {
        const result = new HelloReader().push(streamOf(each))
        assert.ok(typeof result === 'object' && 'ja4' in result)
        const names = { 772: 'TLSv1.3', 771: 'TLSv1.2', 770: 'TLSv1.1', 769: 'TLSv1' }
        assert.deepEqual(
          { ...result, ja4: '' },
          {
            sni: each.sni,
            alpn: each.protocols,
            versions: each.versions.map((version) => names[version as keyof typeof names]),
            ja4: '',
          },
        )
      }),
    )
  })

  it('takes time in proportion to the bytes, one at a time and in records of one byte', () => {
    const timeFor = (size: number): number => {
      const stream = records(Buffer.concat([Buffer.from([1, 0, 0x20, 0]), Buffer.alloc(size / 6)]), 1)
      const started = process.cpuUsage()
      for (let round = 0; round < 20; round++) {
        const reader = new HelloReader()
        for (let at = 0; at < stream.length; at++) assert.equal(reader.push(stream.subarray(at, at + 1)), 'more')
      }
      const { user, system } = process.cpuUsage(started)
      return user + system
    }
    timeFor(maxHelloBytes / 8) // warm
    const small = timeFor(maxHelloBytes / 8)
    const large = timeFor(maxHelloBytes - 1000)
    // 7.5 times the bytes; a quadratic reader would take 56 times as long
    assert.ok(large < small * 25, `${small} µs, then ${large} µs`)
  })
})
