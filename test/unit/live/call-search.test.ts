import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCallSearch, type SearchedCall } from '../../../src/live/search/call-search.js'

const call: SearchedCall = {
  call_id: 'a84b4c76:e66710@pc33',
  method: 'INVITE',
  from: 'Alice@example.com',
  to: 'bob@example.org',
  state: 'failed',
  status: 486,
  conn_ids: ['318027461591040', '42'],
  agents: ['pbx-7'],
}

for (const search of [
  undefined,
  '',
  '  ',
  'alice',
  'ALICE bob',
  'e66710',
  'invite',
  'failed',
  'pbx',
  'from:alice',
  'from:example.com',
  'to:bob',
  'user:alice user:bob',
  'call:a84b',
  'method:invite',
  'state:Failed',
  'status:486',
  'status:4xx',
  'agent:PBX-7',
  'conn:3180',
  'conn:42',
  '-from:bob',
  '-state:answered alice',
  '"a84b4c76:e66710"',
]) {
  test(`finds the call by ${JSON.stringify(search)}`, () => {
    const test = compileCallSearch(search)
    assert.ok(typeof test === 'function', JSON.stringify(test))
    assert.equal(test(call), true)
  })
}

for (const search of [
  'carol',
  'alice carol',
  'from:bob',
  'to:alice',
  'user:carol',
  'method:INV',
  'state:trying',
  'status:487',
  'status:5xx',
  'agent:pbx-8',
  'conn:27461591040',
  '-alice',
  '-status:4xx',
]) {
  test(`does not find it by ${search}`, () => {
    const test = compileCallSearch(search)
    assert.ok(typeof test === 'function', JSON.stringify(test))
    assert.equal(test(call), false)
  })
}

for (const [search, problem] of [
  ['form:alice', /form: .* Did you mean from\?/],
  ['zebra:1', /The names are call, from, to/],
  ['constructor:1', /constructor: is no name/],
  ['state:gone', /trying or ringing/],
  ['status:4', /such as 486/],
  ['status:', /a value is missing/],
  ['"alice', /quotation marks/],
] as const) {
  test(`says what is wrong with ${search}`, () => {
    const answer = compileCallSearch(search)
    assert.ok('problem' in answer)
    assert.match(answer.problem, problem)
  })
}
