/** The search language of calls: words, and `name:value` for one column (search-terms.ts). Knows no store. */
import type { CallRow, SearchProblem } from '../../base/live.js'
import { nearest } from '../../base/nearest.js'
import { type SearchTerm, searchTerms } from './search-terms.js'

/** What a search reads of a call. */
export type SearchedCall = Pick<
  CallRow,
  'call_id' | 'method' | 'from' | 'to' | 'state' | 'status' | 'conn_ids' | 'agents'
>
export type CallTest = (call: SearchedCall) => boolean

/** All terms have to hold. Undefined or empty: every call. */
export function compileCallSearch(search: string | undefined): CallTest | SearchProblem {
  const terms = searchTerms(search ?? '')
  if (typeof terms === 'string') return { problem: terms }
  const tests: CallTest[] = []
  for (const term of terms) {
    const test = termTest(term)
    if (typeof test === 'string') return { problem: test }
    tests.push(term.negated ? (call) => !test(call) : test)
  }
  return (call) => tests.every((test) => test(call))
}

/** Each makes a test of a value that is not empty and in lower case, or says what it expects. */
const columns: Readonly<Record<string, (value: string) => CallTest | string>> = {
  call: (value) => (call) => has(call.call_id, value),
  from: (value) => (call) => has(call.from, value),
  to: (value) => (call) => has(call.to, value),
  user: (value) => (call) => has(call.from, value) || has(call.to, value),
  agent: (value) => (call) => call.agents.some((agent) => has(agent, value)),
  conn: (value) => (call) => call.conn_ids.some((id) => id.startsWith(value)),
  method: (value) => (call) => call.method?.toLowerCase() === value,
  state: stateTest,
  status: statusTest,
}

const names = Object.keys(columns)
const states: readonly string[] = ['trying', 'ringing', 'answered', 'ended', 'cancelled', 'failed', 'done']

/** A test, or a sentence saying why the term is none. */
function termTest({ name, value }: SearchTerm): CallTest | string {
  const wanted = value.toLowerCase()
  if (wanted === '') return name === undefined ? 'there is nothing to look for' : `${name}: a value is missing`
  if (name === undefined) return wordTest(wanted)
  return Object.hasOwn(columns, name) ? columns[name](wanted) : unknownColumn(name)
}

function unknownColumn(name: string): string {
  const meant = nearest(name, names)
  const advice = meant === undefined ? `The names are ${names.join(', ')}.` : `Did you mean ${meant}?`
  return `${name}: is no name to search calls by. ${advice} A text with a colon in it belongs in quotation marks.`
}

function wordTest(word: string): CallTest {
  return ({ call_id, from, to, method, state, agents }) =>
    has(call_id, word) ||
    has(from, word) ||
    has(to, word) ||
    has(method, word) ||
    has(state, word) ||
    agents.some((agent) => has(agent, word))
}

function stateTest(value: string): CallTest | string {
  return states.includes(value) ? (call) => call.state === value : `state: ${states.join(' or ')} is expected`
}

/** `486`, or a class of them: `4xx`. */
function statusTest(value: string): CallTest | string {
  const [, first, rest] = /^([1-6])(\d\d|xx)$/.exec(value) ?? []
  if (first === undefined) return 'status: a code such as 486 is expected, or a class of them such as 4xx'
  if (rest !== 'xx') return (call) => call.status === Number(value)
  return (call) => call.status !== undefined && Math.floor(call.status / 100) === Number(first)
}

/** `part` is in lower case. */
function has(text: string | undefined, part: string): boolean {
  return text?.toLowerCase().includes(part) === true
}
