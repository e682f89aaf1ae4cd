import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { noteIfRegister, noteRegistration } from '../../../src/relay/registered.js'
import { vectorsDir } from '../../support/paths.js'
import { indexed, request } from '../sip/indexed.js'

const registerLine = 'REGISTER sip:example.com SIP/2.0'

/** Who is noted for REGISTERs with these To values, in edge mode and in tunnel mode alike. */
function noted(...tos: readonly string[]): readonly string[] {
  const [edge, tunnel] = [facts(), facts()]
  for (const to of tos) {
    const message = indexed(request([`To: ${to}`], registerLine))
    noteRegistration(edge, message)
    noteIfRegister(tunnel, message.buf, message.start, message.bodyStart)
  }
  assert.deepEqual(tunnel.users, edge.users)
  return edge.users
}

function facts(): ConnectionFacts {
  return { users: [] as string[] } as unknown as ConnectionFacts
}

test('the address of record is user and host of To, the host in lower case, and nothing else of it', () => {
  for (const [to, user] of [
    ['<sip:alice@example.com>', 'alice@example.com'],
    ['"Alice, of sip:x@y" <sips:Alice@Example.COM:5061;transport=tls?h=v>;tag=7', 'Alice@example.com'],
    ['sip:alice:secret@example.com;tag=a', 'alice@example.com'],
    ['<sip:+4930123@[2001:DB8::1]>', '+4930123@[2001:db8::1]'],
    ['<sip:älice@example.com>', '\ufffdlice@example.com'],
  ] as const) {
    assert.deepEqual(noted(to), [user], to)
  }
})

test('who is no user at a SIP address is not noted', () => {
  for (const to of [
    '<sip:example.com>',
    'tel:+4930123',
    '<sip:@example.com>',
    '',
    '<sip:alice@',
    'alice@example.com',
  ]) {
    assert.deepEqual(noted(to), [], to)
  }
  assert.deepEqual(noted(`<sip:${'a'.repeat(300)}@example.com>`), [])
  assert.deepEqual(noted('<sip:a\u0001b@example.com>'), [])
})

test('the latest comes last, none is there twice, and there are eight at most', () => {
  const line = (n: number): string => `<sip:${n}@example.com>`
  assert.deepEqual(noted(line(1), line(2), line(1), line(1)), ['2@example.com', '1@example.com'])
  const users = noted(...Array.from({ length: 20 }, (_, n) => line(n)))
  assert.deepEqual([users.length, users[0], users.at(-1)], [8, '12@example.com', '19@example.com'])
})

test('a frame that is no REGISTER request is not looked into', () => {
  for (const line of [
    'REFER sip:example.com SIP/2.0',
    'REGISTERED sip:example.com SIP/2.0',
    'register sip:example.com SIP/2.0',
    'REGISTER',
    'SIP/2.0 200 OK',
  ]) {
    const { buf, start, bodyStart } = indexed(request([], line))
    const one = facts()
    noteIfRegister(one, buf, start, bodyStart)
    assert.deepEqual(one.users, [], line)
  }
})

test('a REGISTER without To notes nobody, also not from a message beside it', () => {
  const message = indexed(request(['To:none'], registerLine))
  const one = facts()
  noteRegistration(one, message)
  noteIfRegister(one, message.buf, message.start, message.bodyStart)
  assert.deepEqual(one.users, [])
})

test('no REGISTER makes it throw, and what is noted stays small', () => {
  const bodies = ['valid', 'invalid'].flatMap((folder) =>
    readdirSync(`${vectorsDir}/rfc4475/${folder}`).map((file) =>
      readFileSync(`${vectorsDir}/rfc4475/${folder}/${file}`),
    ),
  )
  const one = facts()
  const note = (bytes: Buffer): void => {
    noteIfRegister(one, bytes, 0, bytes.length)
    assert.ok(one.users.length <= 8 && one.users.every((user) => user.length <= 255))
  }
  for (const bytes of bodies) note(Buffer.concat([Buffer.from(`${registerLine}\r\n`), bytes]))
  const part = fc.constantFrom('To:', 't :', '<sip:', '>', '@', '"', ';', ':', '[', '\r\n', '\r\n ', 'a')
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string({ unit: 'binary' })), { maxLength: 30 }), (parts) => {
      note(Buffer.from(`${registerLine}\r\n${parts.join('')}`))
    }),
  )
})
