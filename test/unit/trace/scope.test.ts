import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TraceScope } from '../../../src/base/status.js'
import { compileScope, type Scope, scopeProblem } from '../../../src/trace/scope.js'
import { vectorsDir } from '../../support/paths.js'
import { between, type Call, connection, type Message, opening, sipMessage } from './fakes.js'

function scope(asked: TraceScope): Scope {
  const compiled = compileScope(asked)
  if ('problem' in compiled) assert.fail(compiled.problem)
  return compiled.scope ?? assert.fail('it narrows nothing')
}

function asks(one: Scope, { buf, start, end, idStart, idEnd }: Message): boolean {
  return one.message(buf, start, end, idStart, idEnd)
}

/** Whether a message of a call never seen before is one of this user. */
function isOf(user: string, call: Call): boolean {
  return asks(scope({ user }), between(call))
}

test('a scope without conditions narrows nothing', () => {
  for (const nothing of [{}, { peer: [] }, { sni: undefined }])
    assert.deepEqual(compileScope(nothing), { scope: undefined })
})

test('peers are addresses and networks of both families, any of them', () => {
  const one = scope({ peer: ['203.0.113.0/24', '2001:db8::/32', '::ffff:198.51.100.7'] })
  assert.equal(one.perMessage, false)
  const from = (ip: string): boolean => one.connection(connection({ peer: { ip, port: 5061 } }))
  for (const ip of ['203.0.113.9', '2001:db8::9', '198.51.100.7']) assert.equal(from(ip), true, ip)
  for (const ip of ['203.0.114.9', '2001:db9::9', '198.51.100.8', '::1']) assert.equal(from(ip), false, ip)
})

test('SNI is compared without case, a star stands for any text and everything else for itself', () => {
  const fits = (glob: string, sni: string | undefined): boolean => scope({ sni: glob }).connection(connection({ sni }))
  for (const [glob, sni] of [
    ['sip.example.com', 'SIP.Example.com'],
    ['*.Example.com', 'a.b.example.com'],
    ['*', 'anything'],
    ['sip*.example.*', 'sip7.example.org'],
    ['a**b', 'ab'],
  ] as const) {
    assert.equal(fits(glob, sni), true, `${glob} ${sni}`)
  }
  for (const [glob, sni] of [
    ['sip.example.com', 'sipXexample.com'],
    ['example.com', 'sip.example.com'],
    ['sip.example', 'sip.example.com'],
    ['*.example.com', 'example.com'],
    ['*', undefined],
    ['a|b', 'a'],
    ['[a]', 'a'],
  ] as const) {
    assert.equal(fits(glob, sni), false, `${glob} ${sni}`)
  }
})

test('an SNI with control characters or white space is refused', () => {
  for (const sni of ['', ' ', 'sip\0', 'a\nb', '*\u007f', 'a b', 'sip\u0085', 'x'.repeat(256)])
    assert.match(scopeProblem({ sni }) ?? '', /^sni: 1 to 255 characters without white space/, JSON.stringify(sni))
})

test('all conditions have to hold', () => {
  const one = scope({ peer: ['203.0.113.9'], sni: 'sip.*' })
  assert.equal(one.connection(connection()), true)
  assert.equal(one.connection(connection({ sni: 'other' })), false)
  assert.equal(one.connection(connection({ peer: { ip: '203.0.113.10', port: 1 } })), false)
  const ofCall = scope({ user: 'alice', call_id: 'call@h' })
  assert.equal(asks(ofCall, between({})), true)
  assert.equal(asks(ofCall, between({ callId: 'other@h' })), false)
  assert.equal(asks(scope({ user: 'carol', call_id: 'call@h' }), between({})), false)
})

test('it is too early for the SNI of a connection of ours that has not begun its handshake', () => {
  const one = scope({ sni: '*' })
  const outgoing = opening({ direction: 'out' })
  assert.equal(one.isTooEarly(outgoing), true)
  assert.equal(one.isTooEarly({ ...outgoing, connectMs: 3 }), false)
  assert.equal(one.isTooEarly(opening()), false)
  assert.equal(scope({ peer: ['::/0'] }).isTooEarly(outgoing), false)
})

test('a user is found in From, To and Request-URI', () => {
  assert.equal(isOf('alice', {}), true)
  assert.equal(isOf('bob', {}), true)
  assert.equal(isOf('carol', {}), false)
  assert.equal(isOf('carol', { first: 'INVITE sip:carol@192.0.2.7;ob SIP/2.0' }), true)
  assert.equal(isOf('carol', { first: 'SIP/2.0 200 carol' }), false)
})

test('users are compared with regard to case and whole, hosts without case', () => {
  for (const user of ['Alice', 'alic', 'alice2', 'body', 'of']) assert.equal(isOf(user, {}), false, user)
  for (const user of ['alice@example.com', 'alice@EXAMPLE.com', 'sips:alice@example.com', 'bob@example.com']) {
    assert.equal(isOf(user, {}), true, user)
  }
  assert.equal(isOf('alice@example.org', {}), false)
  assert.equal(isOf('alice@[2001:db8::1]', { first: 'BYE sip:alice@[2001:DB8::1]:5061 SIP/2.0', from: 'x' }), true)
  assert.equal(isOf('+4930123', { to: '+4930123' }), true)
})

test('a call the user was seen in is his from there on, also where messages name others only', () => {
  const one = scope({ user: 'carol' })
  const ringing = between({ first: 'SIP/2.0 180 Ringing' })
  assert.equal(asks(one, ringing), false)
  assert.equal(asks(one, between({ first: 'INVITE sip:carol@h SIP/2.0' })), true)
  assert.equal(asks(one, ringing), true)
  assert.equal(asks(one, between({ callId: 'another@h' })), false)
})

test('messages without Call-ID make no call of each other', () => {
  const one = scope({ user: 'alice' })
  const without = (from: string): boolean => {
    const { buf, start, end } = between({ from })
    return one.message(buf, start, end, 0, 0)
  }
  assert.equal(without('alice'), true)
  assert.equal(without('dave'), false)
})

test('a Call-ID is compared exactly', () => {
  const one = scope({ call_id: 'a@b' })
  assert.equal(one.perMessage, true)
  for (const [callId, fits] of [
    ['a@b', true],
    ['A@b', false],
    ['a@bc', false],
    ['a@', false],
  ] as const) {
    assert.equal(asks(one, sipMessage(callId)), fits, callId)
  }
  const { buf, start, end } = sipMessage('a@b')
  assert.equal(one.message(buf, start, end, 0, 0), false)
})

test('what is no scope is refused with a sentence', () => {
  const refused: readonly (readonly [TraceScope, RegExp])[] = [
    [{ peer: ['10.0.0.1', 'everybody'] }, /^peer: "everybody" is neither an address nor a network$/],
    [{ peer: ['10.0.0.0/33'] }, /^peer: /],
    [{ peer: Array.from({ length: 101 }, () => '10.0.0.1') }, /^peer: more than 100/],
    [{ sni: '' }, /^sni: /],
    [{ sni: 'x'.repeat(256) }, /^sni: /],
    [{ user: '' }, /^user: a name such as alice/],
    [{ user: '@example.com' }, /^user: /],
    [{ user: 'alice@' }, /^user: /],
    [{ user: 'alice smith' }, /^user: /],
    [{ user: 'alice@[::g]' }, /^user: /],
    [{ user: 'alice@[1:2]' }, /^user: \[1:2\] is no IPv6 address/],
    [{ user: 'x'.repeat(300) }, /^user: /],
    [{ call_id: '' }, /^call_id: /],
    [{ call_id: 'a b' }, /^call_id: /],
  ]
  for (const [asked, problem] of refused)
    assert.match(scopeProblem(asked) ?? 'no problem', problem, JSON.stringify(asked))
  assert.equal(scopeProblem({ peer: ['10.0.0.1'], sni: '*', user: 'alice', call_id: 'a@b' }), undefined)
})

test('an SNI made for the purpose holds up no star', () => {
  const one = scope({ sni: `${'*a'.repeat(100)}*b` })
  assert.equal(one.connection(connection({ sni: 'a'.repeat(255) })), false)
})

/** The torture messages of RFC 4475. */
const tortures = ['valid', 'invalid'].flatMap((folder) =>
  readdirSync(`${vectorsDir}/rfc4475/${folder}`).map((name) => readFileSync(`${vectorsDir}/rfc4475/${folder}/${name}`)),
)
const scopes: readonly TraceScope[] = [{ user: 'nobody' }, { user: 'nobody@example.com' }, { call_id: 'no@such.call' }]

test('no message makes it throw: those of RFC 4475, cut anywhere, and any bytes', () => {
  assert.ok(tortures.length > 40)
  for (const asked of scopes) {
    const one = scope(asked)
    for (const bytes of tortures) {
      for (let end = 0; end <= bytes.length; end += 7) assert.equal(one.message(bytes, 0, end, 0, 0), false)
      assert.equal(one.message(bytes, 0, bytes.length, 0, 0), false)
    }
  }
  const all = scopes.map(scope)
  const part = fc.constantFrom('From:', 'To:', '\r\n', '<sip:', '>', '"', '@', ';', ':', ',', '[', '\0', 'sips:x', ' ')
  const soup = fc.array(fc.oneof(part, fc.string({ unit: 'binary' })), { maxLength: 40 })
  fc.assert(
    fc.property(soup, fc.nat(20), (parts, start) => {
      const bytes = Buffer.from(`INVITE sip:${parts.join('')}`)
      const from = Math.min(start, bytes.length)
      for (const one of all) assert.equal(one.message(bytes, from, bytes.length, from, bytes.length), false)
    }),
  )
})

test('the users of torture messages are found', () => {
  const names = (file: string, user: string): boolean => {
    const bytes = readFileSync(`${vectorsDir}/rfc4475/valid/${file}.dat`)
    return scope({ user }).message(bytes, 0, bytes.length, 0, 0)
  }
  assert.equal(names('wsinv', 'jdrosen@example.com'), true)
  assert.equal(names('wsinv', 'vivekg'), true)
  assert.equal(names('esc01', 'I%20have%20spaces'), true)
  assert.equal(names('esc01', 'example.com'), false)
})
