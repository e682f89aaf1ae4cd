/** Flow tokens: what is made is read, and nothing else is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Transport } from '../../src/base/facts.js'
import { inetText } from '../../src/base/inet.js'
import { type Flow, FlowTokens } from '../../src/relay/flow.js'

const ip = fc
  .constantFrom<4 | 16>(4, 16)
  .chain((length) =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => inetText(Buffer.from(bytes), 0, length)),
  )
const endpoint = fc.record({ ip, port: fc.nat(0xffff) }, { noNullPrototype: true })
const flow: fc.Arbitrary<Flow> = fc.record(
  {
    connId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    transport: fc.constantFrom<Transport>('tls', 'tcp', 'udp'),
    local: endpoint,
    peer: endpoint,
  },
  { noNullPrototype: true },
)

const tokens = new FlowTokens('a secret that nobody else has')

describe('flow token', () => {
  it('is read as the flow it was made for, by whoever has the secret', () => {
    fc.assert(
      fc.property(flow, (made) => {
        const token = tokens.token(made)
        assert.match(token, /^[A-Za-z0-9_-]+$/)
        assert.deepEqual(new FlowTokens('a secret that nobody else has').read(token), made)
        assert.equal(new FlowTokens('another').read(token), undefined)
      }),
    )
  })

  it('is forged when anything of it is changed, cut off or added', () => {
    const base64url = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
    fc.assert(
      fc.property(flow, fc.nat(), fc.nat(4), fc.string({ unit: base64url, maxLength: 4 }), (made, at, gone, added) => {
        const token = tokens.token(made)
        tokens.read(token)
        const start = at % (token.length + 1)
        const other = token.slice(0, start) + added + token.slice(start + gone)
        assert.deepEqual(tokens.read(other), other === token ? made : undefined)
      }),
    )
  })

  it('is none, whatever the text, and reading it throws nothing', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 120 }), fc.base64String({ maxLength: 100 }))
    fc.assert(
      fc.property(text, (anything) => assert.equal(tokens.read(anything), undefined)),
      { numRuns: 2000 },
    )
  })
})
