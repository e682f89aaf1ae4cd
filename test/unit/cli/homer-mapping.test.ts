/** What hepgate homer finds in the mappings of a Homer 7, and what it makes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changes, type MappingRow, planMapping } from '../../../src/cli/homer/mapping.js'
import { diffText, planText } from '../../../src/cli/homer/report.js'
import { seededRows } from '../../support/homer-app.js'

const seeded = () => seededRows() as MappingRow[]

/** The rows as an install leaves them. */
function installed(rows: readonly MappingRow[], form: 'log' | 'opensips' = 'log'): MappingRow[] {
  const plans = planMapping(rows, form).rows
  return rows.map((row) => {
    const plan = plans.find((other) => other.row === row)
    return plan === undefined ? row : { ...row, correlation_mapping: plan.after }
  })
}

function altered(profile: string, hepid: number, lookups: unknown): MappingRow[] {
  return seeded().map((row) =>
    row.hepid === hepid && row.profile === profile ? { ...row, correlation_mapping: lookups } : row,
  )
}

function lookupsOf(rows: readonly MappingRow[], hepid: number, profile: string): Record<string, unknown>[] {
  const row = rows.find((other) => other.hepid === hepid && other.profile === profile)
  return row?.correlation_mapping as Record<string, unknown>[]
}

test('a Homer as it is seeded lacks the connection events everywhere, and its LOG lookups are mended', () => {
  const { rows, notes } = planMapping(seeded(), 'log')
  assert.deepEqual(notes, [])
  assert.deepEqual(
    rows.map(({ row, before, after, flaws }) => [row.hepid, row.profile, before.length, after.length, flaws.length]),
    [
      [1, 'call', 4, 5, 1],
      [1, 'registration', 3, 4, 1],
      [1, 'default', 3, 4, 1],
      [100, 'default', 3, 4, 2],
    ],
  )
  const log = rows.find(({ row }) => row.hepid === 100)!
  assert.deepEqual(
    log.after.slice(0, 3).map((lookup) => lookup.lookup_field),
    ['sid', 'sid', 'sid'],
  )
})

test('the lookup of connection events reads the conn_id of the JSON, over the life of a connection', () => {
  const lookup = lookupsOf(installed(seeded()), 1, 'call').at(-1)
  // as it was run by homer-app 1.5.20 on PostgreSQL 15; see docs/homer-7.md
  assert.deepEqual(lookup, {
    source_field: 'sid',
    lookup_id: 100,
    lookup_profile: 'default',
    lookup_field:
      'true) AND sid IN (SELECT substring(s.raw from \'\\n\\{.*"conn_id":"([0-9]+)"\')' +
      ' FROM hep_proto_100_default s WHERE s.sid',
    lookup_range: [-604_800, 86_400],
  })
  const { lookup_field } = lookup!
  const query = `(create_date between $1 AND $2 AND ${lookup_field} = ANY(ARRAY[$3]))`
  assert.equal(query.split('(').length, query.split(')').length, 'parentheses close within the query of homer-app')
  assert.doesNotMatch(String(lookup_field), /\?/, 'homer-app takes ? for a placeholder')
})

test('what was installed is fine the next time', () => {
  for (const form of ['log', 'opensips'] as const) {
    const again = planMapping(installed(seeded(), form), form)
    assert.equal(again.rows.some(changes), false)
    assert.deepEqual(again.notes, [])
    assert.equal(diffText(again.rows), '')
  }
})

test('events of type 89 are looked up where Homer keeps them, beside those of type 100', () => {
  const tables = lookupsOf(installed(installed(seeded()), 'opensips'), 1, 'call').map((lookup) => lookup.lookup_id)
  assert.deepEqual(tables, [100, 5, 1, 1, 100, 35])
})

test('lookups of other people stay as they are, with keys nobody knows, in their order', () => {
  const own = {
    source_field: 'data_header.x',
    lookup_id: 1,
    lookup_profile: 'call',
    lookup_field: "data_header->>'x'",
    lookup_range: [-5, 5],
    append_sid: true,
    note: 'ours',
  }
  const rows = altered('call', 1, [own, ...lookupsOf(seeded(), 1, 'call'), own])
  const after = lookupsOf(installed(rows), 1, 'call')
  assert.deepEqual(after.slice(0, -1), lookupsOf(rows, 1, 'call'))
  assert.deepEqual(planMapping(rows, 'log').notes, [])
})

test('another window of the same lookup is the choice of the operator', () => {
  const rows = installed(seeded())
  const mine = lookupsOf(rows, 1, 'call').map((lookup) => ({ ...lookup, lookup_range: [-60, 60] }))
  assert.equal(
    planMapping(altered('call', 1, mine), 'log').rows.find(({ row }) => row.profile === 'call')!.flaws.length,
    0,
  )
})

for (const [what, nothing] of [
  ['an empty object, as homer-app writes it', {}],
  ['null', null],
  ['an empty list', []],
] as const) {
  test(`a mapping of a SIP row that is ${what} gets both lookups`, () => {
    const tables = lookupsOf(installed(altered('call', 1, nothing)), 1, 'call').map(({ source_field }) => source_field)
    assert.deepEqual(tables, ['data_header.callid', 'sid'])
  })
}

for (const [what, broken] of [
  ['a text', '[]'],
  ['an object', { source_field: 'sid' }],
  ['a list of texts', ['sid']],
] as const) {
  test(`a mapping that is ${what} is told and not touched`, () => {
    const { rows, notes } = planMapping(altered('call', 1, broken), 'log')
    assert.equal(
      rows.some(({ row }) => row.profile === 'call'),
      false,
    )
    assert.deepEqual(notes, ['the correlation mapping of SIP call is no list: Homer shows no call'])
  })
}

test('a row that is not there, or twice, is told', () => {
  const rows = seeded().filter((row) => row.profile !== 'registration')
  const twice = { ...rows[0]!, guid: 'another' }
  const { notes } = planMapping([...rows, twice], 'log')
  assert.match(notes.join('\n'), /no mapping of type 1 registration: Settings, Mapping Protocol, Reset brings it back/)
  assert.match(notes.join('\n'), /type 1 default is there 2 times: Homer takes any/)
})

test('lookups of others that cannot work are told with their place', () => {
  const wrong = [
    { source_field: 'sid', lookup_id: '1', lookup_profile: 'call', lookup_field: 'sid', lookup_range: [] },
    { source_field: 'sid', lookup_id: 1, lookup_profile: 'call', lookup_field: 'data_header.callid', lookup_range: [] },
  ]
  const { notes } = planMapping(altered('default', 2000, wrong), 'log')
  assert.deepEqual(notes, [
    'LOKI default, lookup 1: lookup_id is missing or of the wrong type: Homer shows no call with it',
    "LOKI default, lookup 2: lookup_field data_header.callid fails in the database; data_header->>'callid' is meant",
  ])
})

test('the diff shows every lookup of the rows that change, and nothing of the others', () => {
  const rows = installed(seeded()).map((row, i) => (i === 3 ? seeded()[3]! : row))
  const lines = diffText(planMapping(rows, 'log').rows).trimEnd().split('\n')
  assert.equal(lines[0], 'correlation_mapping of LOG default (67aa97a7-4943-45ed-a346-e07dabda53d7)')
  assert.deepEqual(
    lines.slice(1).map((line) => line[0]),
    ['-', '+', '-', '+', '-', '+', '+'],
  )
  for (const line of lines.slice(1)) JSON.parse(line.slice(2))
})

test('names that Homer gives a row cannot steer the terminal', () => {
  const rows = seeded().map((row) => ({ ...row, hep_alias: '\u001b[31mSIP\nx' }))
  const plan = planMapping(rows, 'log')
  assert.doesNotMatch(planText(plan) + diffText(plan.rows), /[\u0000-\u0009\u000b-\u001f]/)
})
