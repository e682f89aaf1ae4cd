/** Whatever peers send: no message makes edge mode throw, and what a stranger may not do it does not. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EdgeInProcess } from '../support/edge-in-process.js'
import { assertLinear } from '../support/linear.js'
import { vectorsDir } from '../support/paths.js'
import { headerOf, sipRequest } from '../support/sip.js'

const torture = ['valid', 'invalid'].flatMap((kind) => {
  const dir = join(vectorsDir, 'rfc4475', kind)
  return readdirSync(dir).map((name) => readFileSync(join(dir, name)))
})

/** The cast of one run, and what a request and an answer of each side look like in it: with real branches and tokens. */
function cast() {
  const edge = new EdgeInProcess()
  const [phone, other] = [edge.phone(), edge.phone('203.0.113.8')]
  phone.says(sipRequest({ method: 'REGISTER', uri: 'sip:example.com' }))
  const register = edge.core.written.at(-1)!
  const path = headerOf(register, 'Path')!
  edge.core.says(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', headers: [`Route: ${path}`] }))
  const invite = phone.written.at(-1)!
  const answer = (request: Buffer): Buffer =>
    Buffer.from(
      request
        .toString('latin1')
        .replace(/^.* SIP\/2\.0/, 'SIP/2.0 200 OK')
        .replace(/^To:.*/m, '$&;tag=1'),
      'latin1',
    )
  const rich = sipRequest({
    method: 'INVITE',
    uri: 'sip:bob@example.com;lr',
    to: '<sip:bob@example.com>;tag=1',
    headers: [
      `Route: ${path}, <sip:edge.example.com;transport=tls;lr>, <sip:198.51.100.1;lr>`,
      'Route: <sip:198.51.100.2>',
      'Record-Route: <sip:198.51.100.3;lr>',
      `Path: ${path}`,
      'X-Hepgate-Trusted: yes',
      'Alert-Info: <http://198.51.100.4/ring>',
      'Supported: path, outbound',
      'Via: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bKx;alias, SIP/2.0/UDP [2001:db8::1]:5060;rport;received=192.0.2.9',
    ],
  })
  const strict = sipRequest({ method: 'BYE', uri: 'sip:edge.example.com;lr', headers: ['Route: <sip:a@b>, <sip:c@d>'] })
  return { edge, phone, other, seeds: [...torture, register, invite, rich, strict, answer(register), answer(invite)] }
}

const pieces = [
  ...['\r\n ', '\r\n\t', ' ', ',', ';', '"', '<', '>', '@', ':', '[', ']', '\0', '\x0b', '\xff', '%00', '?', '=', '\\'],
  ...[
    'sip:',
    'sips:',
    ';lr',
    ';transport=tls',
    ';ob',
    ';maddr=127.0.0.1',
    '[::1]',
    '127.0.0.1',
    ';rport',
    ';alias',
    '65536',
  ],
  ...[
    'Route: <sip:edge.example.com;lr>\r\n',
    'Alert-Info: x\r\n',
    'X-Hepgate-Trusted: yes\r\n',
    'Via: \r\n',
    'Route:\r\n',
  ],
  ...[
    'Route: ,\r\n',
    'Max-Forwards: 1\r\n',
    'Record-Route: <sip:a;lr>,,\r\n',
    'Path:\r\n',
    'Contact: <sip:a;ob>\r\n',
    'v: SIP/2.0/TLS a,\r\n',
  ],
]

type Mutation = (bytes: Buffer) => Buffer

const at = fc.double({ min: 0, max: 1, noNaN: true })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.constantFrom(...pieces)).map(
    ([place, piece]): Mutation =>
      (bytes) => {
        // A whole header line goes to the beginning of one.
        const wanted = Math.floor(place * bytes.length)
        const i = piece.endsWith('\r\n') ? bytes.indexOf('\r\n', wanted) + 2 : wanted
        return Buffer.concat([bytes.subarray(0, i), Buffer.from(piece, 'latin1'), bytes.subarray(i)])
      },
  ),
  fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(
    ([place, length]): Mutation =>
      (bytes) => {
        const i = Math.floor(place * bytes.length)
        return Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + length)])
      },
  ),
  fc.tuple(at, fc.integer({ min: 0, max: 255 })).map(
    ([place, value]): Mutation =>
      (bytes) => {
        const changed = Buffer.from(bytes)
        changed[Math.floor(place * (bytes.length - 1))] = value
        return changed
      },
  ),
  fc.tuple(at, at).map(
    ([from, to]): Mutation =>
      (bytes) => {
        const lines = bytes.toString('latin1').split('\r\n')
        const [line] = lines.splice(1 + Math.floor(from * (lines.length - 2)), 1)
        lines.splice(1 + Math.floor(to * (lines.length - 1)), 0, line!, ...(from > 0.5 ? [line!] : []))
        return Buffer.from(lines.join('\r\n'), 'latin1')
      },
  ),
)

describe('messages of RFC 4475 and of our own making, changed in any way', () => {
  test('are each relayed, answered or dropped: none is lost to an error of the gateway', async () => {
    const { edge, phone, other, seeds } = cast()
    const server = edge.join('core', 'tcp', '192.0.2.2')
    const senders = [phone, other, server, edge.core]
    let framed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(seeds.length - 1),
        fc.array(mutation, { maxLength: 6 }),
        fc.nat(senders.length - 1),
        async (seed, mutations, sender) => {
          const bytes = mutations.reduce((message, mutate) => mutate(message), seeds[seed]!)
          if (senders[sender]!.says(bytes)) framed++
          await Promise.resolve()
          for (const { fail } of edge.opening.splice(0)) fail()
          assert.deepEqual(
            edge.warnings.filter((warning) => warning.includes('error of the gateway')),
            [],
          )
          for (const leg of senders) leg.written.length = 0
        },
      ),
      { numRuns: 20_000 },
    )
    await new Promise(setImmediate)
    for (const { fail } of edge.opening.splice(0)) fail()
    assert.ok(framed > 100, `${framed} were SIP`)
  })
})

/** `line` again and again, to some `size` bytes. */
function filled(line: string, size: number): string[] {
  return new Array<string>(Math.floor(size / (line.length + 2))).fill(line)
}

describe('headers that are made to cost time take it in proportion to their size', () => {
  const bombs: Readonly<Record<string, (size: number) => string[]>> = {
    'lines of Via': (size) => filled('v:SIP/2.0/TLS a', size),
    'values of Via': (size) => [`v:${new Array(size / 16).fill('SIP/2.0/TLS a').join(',')}`],
    'parameters of Via': (size) => [`v:SIP/2.0/TLS a${';a'.repeat(size / 2)}`],
    'Routes to others': (size) => filled('Route:<sip:a;lr>', size),
    'Routes to ourselves': (size) => filled('Route:<sip:edge.example.com;lr>', size),
    'values of Route to ourselves': (size) => [`Route:${filled('<sip:edge.example.com;lr>', size).join(',')}`],
    'values of Route to strict routers': (size) => [`Route:${filled('<sip:a>', size).join(',')}`],
    'quotes in a Route': (size) => [`Route:${'"'.repeat(size)}`],
    'brackets in a Route': (size) => [`Route:${'<'.repeat(size)}`],
    'lines to be taken out, the first of them last': (size) => [
      ...filled('Alert-Info:', size / 3),
      ...filled('X-Hepgate-Trusted:', size / 3),
      ...filled('Route:<sip:edge.example.com;lr>', size / 3),
    ],
    'tags of Proxy-Require': (size) => [`Proxy-Require:${'a,'.repeat(size / 2)}a`],
    'tags of Supported': (size) => [`Supported:${'"<,'.repeat(size / 3)}`],
    folds: (size) => [`Path:x${'\r\n '.repeat(size / 3)}`],
    'spaces before a colon': (size) => [`Subject${' '.repeat(size)}: x`],
  }
  for (const [what, headers] of Object.entries(bombs)) {
    test(what, () => {
      const edge = new EdgeInProcess()
      const phone = edge.phone()
      const prepare = (size: number): (() => void) => {
        const requests = ['INVITE', 'REGISTER'].map((method) =>
          sipRequest({ method, uri: 'sip:bob@example.com', headers: headers(size) }),
        )
        return () => {
          for (const request of requests) phone.says(request)
          edge.core.written.length = phone.written.length = 0
        }
      }
      assertLinear(prepare, 32_000)
      assert.deepEqual(edge.warnings, [])
    })
  }
})
