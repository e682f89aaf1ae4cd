/**
 * Searches for connections: from the terms of base/live.ts to one test over the facts of a connection. The
 * test runs over every live connection, so it allocates nothing; whoever walks them lets others have their turn.
 */
import { durationForm, parseDuration } from '../../base/duration.js'
import { type Cause, causes } from '../../base/errors.js'
import type { ConnectionFacts } from '../../base/facts.js'
import { type ConnectionFilter, type SearchFieldName, type SearchProblem, searchFields } from '../../base/live.js'
import { nearest } from '../../base/nearest.js'
import { stateOf } from '../connections/rows.js'
import { addressForm, endpointTest } from './addresses.js'
import { searchTerms } from './search-terms.js'

export type ConnectionTest = (facts: ConnectionFacts) => boolean

/** What a search asks that the facts do not tell. */
export interface SearchSurroundings {
  /** Unix time in µs */
  nowMicros(): number
  traced(facts: ConnectionFacts): boolean
  /** users seen in the messages of a connection; asked for each one, so it takes in no messages first */
  usersOf(connId: string): Iterable<string>
  connectionsOfCall(callId: string): Iterable<string>
}

export interface ConnectionSearch {
  readonly matches: ConnectionTest
  /** only a closed connection can match */
  readonly closedOnly: boolean
}

export function compileSearch(filter: ConnectionFilter, around: SearchSurroundings): ConnectionSearch | SearchProblem {
  const terms = searchTerms(filter.search ?? '')
  if (typeof terms === 'string') return { problem: terms }
  for (const [name, value] of Object.entries(filter.fields ?? {})) terms.push({ name, value, negated: false })

  const tests: ConnectionTest[] = []
  let closedOnly = false
  for (const { name, value, negated } of terms) {
    const test = name === undefined ? wordTest(value, around) : fieldTest(name, value, around)
    if (typeof test === 'string') return { problem: test }
    tests.push(negated ? (facts) => !test(facts) : test)
    closedOnly ||= !negated && (name === 'cause' || (name === 'state' && value.toLowerCase() === 'closed'))
  }
  return { matches: allOf(tests), closedOnly }
}

/** A test, or a sentence saying why the value is none. */
type FieldCompiler = (value: string, around: SearchSurroundings) => ConnectionTest | string

const compilers: Readonly<Record<SearchFieldName, FieldCompiler>> = {
  peer: (value) => endpointField(value, (facts) => facts.peer),
  local: (value) => endpointField(value, (facts) => facts.local),
  sni: (value) => textField(globTest(value), (facts) => facts.sni),
  version: versionField,
  cipher: (value) => textField(partTest(value), (facts) => facts.tls?.cipher),
  ja4: (value) => textField(startTest(value), (facts) => facts.hello?.ja4),
  subject: (value) => textField(partTest(value), (facts) => facts.peerCertificate?.subject),
  fingerprint: fingerprintField,
  direction: (value) => choiceField(value, ['in', 'out'], (facts) => facts.direction),
  transport: (value) => choiceField(value, ['tls', 'tcp', 'udp'], (facts) => facts.transport),
  side: (value) => choiceField(value, ['edge', 'core'], (facts) => facts.side),
  listener: (value) => textField(partTest(value), (facts) => facts.listener),
  domain: (value) => textField(globTest(value), (facts) => facts.domain),
  verify: (value) => textField(globTest(value), (facts) => facts.tls?.verify),
  traced: (value, around) => choiceField(value, yesOrNo, (facts) => yesNo(around.traced(facts))),
  trusted: (value) => choiceField(value, yesOrNo, (facts) => yesNo(facts.trusted)),
  state: (value) => choiceField(value, ['handshake', 'open', 'closed'], stateOf),
  cause: causeField,
  older: (value, around) => ageField(value, around, (ageMs, limitMs) => ageMs >= limitMs),
  younger: (value, around) => ageField(value, around, (ageMs, limitMs) => ageMs < limitMs),
  user: userField,
  call: callField,
  conn_id: (value) =>
    /^\d{1,20}$/.test(value) ? (facts) => facts.id.startsWith(value) : 'the beginning of a number is expected',
}

const names = searchFields.map(({ name }) => name)

function fieldTest(name: string, value: string, around: SearchSurroundings): ConnectionTest | string {
  const field = searchFields.find((field) => field.name === name)
  if (field === undefined) return unknownField(name)
  const expected = value === '' ? 'a value is missing' : compilers[field.name](value, around)
  return typeof expected === 'string' ? `${name}: ${expected}; for example ${name}:${field.example}` : expected
}

function unknownField(name: string): string {
  const meant = nearest(name, names)
  const advice = meant === undefined ? `The names are ${names.join(', ')}.` : `Did you mean ${meant}?`
  return `${name}: is no name to search by. ${advice} A text with a colon in it belongs in quotation marks.`
}

/** Looked for in all texts of a connection. */
function wordTest(word: string, around: SearchSurroundings): ConnectionTest | string {
  if (word === '') return 'there is nothing to look for after - or in the quotation marks'
  const part = partTest(word)
  const inText = (text: string | undefined): boolean => text !== undefined && part(text)
  const inPeer = endpointPartTest(word)
  return (facts) =>
    inPeer(facts) ||
    inText(facts.sni) ||
    inText(facts.domain) ||
    facts.id.includes(word) ||
    inText(facts.hello?.ja4) ||
    inText(facts.peerCertificate?.subject) ||
    anyUser(facts, around, part)
}

/** `192.0.2.1:5061` is looked for in two pieces, because to put one together for each connection would take longer. */
function endpointPartTest(word: string): ConnectionTest {
  const plain = word.toLowerCase()
  const colon = plain.lastIndexOf(':')
  const port = plain.slice(colon + 1)
  const ip = colon < 0 || !/^\d{0,5}$/.test(port) ? undefined : plain.slice(0, colon).replace(/^\[|\]$/g, '')
  return ({ peer }) =>
    peer.ip.includes(plain) || (ip !== undefined && peer.ip.endsWith(ip) && String(peer.port).startsWith(port))
}

function endpointField(
  value: string,
  read: (facts: ConnectionFacts) => ConnectionFacts['peer'],
): ConnectionTest | string {
  const test = endpointTest(value)
  return test === undefined ? `${addressForm} is expected` : (facts) => test(read(facts))
}

/** Oldest first, as OpenSSL names them. */
const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** `TLSv1.2`, `1.2`, `<1.2`, `>=1.2` */
function versionField(value: string): ConnectionTest | string {
  const [match, sign = '=', minor = '0'] = /^(<=|>=|<|>|=)?(?:tls)?v?1(?:\.([0-3]))?$/i.exec(value) ?? []
  if (match === undefined) return `a version from ${versions.join(', ')} is expected, with < or >= before it`
  const wanted = Number(minor)
  // below, at or above: the signs are named by what they let pass
  const found = new Set(versions.filter((_, n) => sign.includes('<=>'.charAt(Math.sign(n - wanted) + 1))))
  return ({ tls }) => tls !== undefined && found.has(tls.version)
}

/** As people copy it: with colons, in upper case. */
function fingerprintField(value: string): ConnectionTest | string {
  const hex = value.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{1,64}$/.test(hex)) return 'up to 64 hex digits of a SHA-256 are expected'
  return ({ peerCertificate, ownCertificate }) =>
    peerCertificate?.sha256.startsWith(hex) === true || ownCertificate?.sha256.startsWith(hex) === true
}

function causeField(value: string): ConnectionTest | string {
  const known = Object.keys(causes)
  if (!known.includes(value.toLowerCase()) && !/\*|^peer-alert-/i.test(value)) {
    const meant = nearest(value, known)
    return `there is no such cause${meant === undefined ? '' : `, but there is ${meant}`}`
  }
  return textField(globTest(value), (facts): Cause | undefined => facts.closed?.cause)
}

function ageField(
  value: string,
  around: SearchSurroundings,
  holds: (ageMs: number, limitMs: number) => boolean,
): ConnectionTest | string {
  const limitMs = parseDuration(value)
  if (limitMs === undefined) return `${durationForm} is expected`
  return ({ closed, openedMicros }) =>
    holds(closed === undefined ? (around.nowMicros() - openedMicros) / 1000 : closed.durationMs, limitMs)
}

/** `alice` is every alice, whatever her domain; `alice@example.com` is one. */
function userField(value: string, around: SearchSurroundings): ConnectionTest {
  const test = globTest(value)
  const inUser = value.includes('@') ? test : (user: string): boolean => test(user) || test(user.split('@', 1)[0])
  return (facts) => anyUser(facts, around, inUser)
}

function anyUser(facts: ConnectionFacts, around: SearchSurroundings, test: (user: string) => boolean): boolean {
  for (const user of facts.users) if (test(user)) return true
  for (const user of around.usersOf(facts.id)) if (test(user)) return true
  return false
}

/** A search may live as long as its viewer, a call gets new legs, and one walk over all connections asks once. */
const callFreshMicros = 250_000

function callField(callId: string, around: SearchSurroundings): ConnectionTest {
  let found: ReadonlySet<string> = new Set()
  let askAgainAt = 0
  return ({ id }) => {
    const now = around.nowMicros()
    if (now >= askAgainAt) {
      found = new Set(around.connectionsOfCall(callId))
      askAgainAt = now + callFreshMicros
    }
    return found.has(id)
  }
}

const yesOrNo = ['yes', 'no']

function yesNo(value: boolean | undefined): string | undefined {
  if (value === undefined) return undefined
  return value ? 'yes' : 'no'
}

function choiceField(
  value: string,
  choices: readonly string[],
  read: (facts: ConnectionFacts) => string | undefined,
): ConnectionTest | string {
  const wanted = value.toLowerCase()
  return choices.includes(wanted) ? (facts) => read(facts) === wanted : `${choices.join(' or ')} is expected`
}

function textField(
  test: (text: string) => boolean,
  read: (facts: ConnectionFacts) => string | undefined,
): ConnectionTest {
  return (facts) => {
    const text = read(facts)
    return text !== undefined && test(text)
  }
}

/** Whether it is in a text, whatever the case: an expression does that without a copy of the text. */
function partTest(part: string): (text: string) => boolean {
  const pattern = new RegExp(literal(part), 'i')
  return (text) => pattern.test(text)
}

function startTest(start: string): (text: string) => boolean {
  const pattern = new RegExp(`^${literal(start)}`, 'i')
  return (text) => pattern.test(text)
}

/**
 * `*` is any text. An expression would try all ways to share the text among several stars; here each piece
 * takes its first place, which is as good as any.
 */
function globTest(glob: string): (text: string) => boolean {
  const [first = '', ...pieces] = glob.toLowerCase().split('*')
  const last = pieces.pop()
  if (last === undefined) return equalTest(first)
  return (text) => {
    const plain = text.toLowerCase()
    if (!plain.startsWith(first)) return false
    let at = first.length
    for (const piece of pieces) {
      const found = plain.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return plain.length - last.length >= at && plain.endsWith(last)
  }
}

function equalTest(wanted: string): (text: string) => boolean {
  return (text) => text.length === wanted.length && text.toLowerCase() === wanted
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function allOf(tests: readonly ConnectionTest[]): ConnectionTest {
  const [only] = tests
  if (tests.length === 1 && only !== undefined) return only
  return (facts) => {
    for (const test of tests) if (!test(facts)) return false
    return true
  }
}
