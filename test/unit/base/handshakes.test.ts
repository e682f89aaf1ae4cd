import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cause } from '../../../src/base/errors.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { isHandshake } from '../../../src/base/handshakes.js'
import { facts } from '../../support/destinations.js'

const out = { direction: 'out' } as const

const cases: [what: string, about: Partial<ConnectionFacts>, cause: Cause | undefined, expected: boolean][] = [
  ['one that was accepted', {}, undefined, true],
  ['one that failed for its own reasons', {}, 'no-shared-cipher', true],
  ['a client that never began', {}, 'handshake-timeout', true],
  ['a client that was refused by a limit', {}, 'limit-reached', false],
  ['a client without the PROXY header it must have', {}, 'bad-proxy-header', false],
  ['one of ours that succeeded', { ...out, connectMs: 3 }, undefined, true],
  ['one of ours that failed behind the connect', { ...out, connectMs: 3 }, 'unknown-ca', true],
  ['a server that cannot be reached', { ...out, connectMs: undefined }, 'connect-refused', false],
  ['a connection without TLS', { transport: 'tcp' }, undefined, false],
  ['a peer over UDP', { transport: 'udp' }, undefined, false],
]

for (const [what, about, cause, expected] of cases) {
  test(`${what}: ${expected ? 'a' : 'no'} handshake`, () => {
    assert.equal(isHandshake({ cause, facts: facts(about) }), expected)
  })
}
