/** Levels of the log over HTTP: what is asked of the gateway, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'

const url = '/api/v1/log'
const by = 'local 127.0.0.1'

const good: [name: string, body: object, told: object][] = [
  [
    'a component for a while',
    { component: 'tls', level: 'debug', for: '10m' },
    { component: 'tls', level: 'debug', forMs: 600_000 },
  ],
  ['a component until it is changed', { component: 'sip', level: 'warn' }, { component: 'sip', level: 'warn' }],
  ['all', { level: 'error' }, { level: 'error' }],
  ['a component as configured', { component: 'tls', level: null }, { component: 'tls' }],
  ['all as configured', { level: null }, {}],
]
for (const [name, payload, told] of good) {
  test(`PUT log sets ${name}`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({ method: 'PUT', url, payload })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), JSON.parse(JSON.stringify(gateway.logStatus)))
    assert.deepEqual(gateway.calls, [['setLog', { ...told, by }]])
  })
}

const bad: [name: string, body: unknown, detail: RegExp][] = [
  [
    'an unknown component',
    { component: 'dns', level: 'debug' },
    /^component should be 'gateway' or 'tls' or 'sip' or .* or 'telemetry'$/,
  ],
  ['an unknown level', { level: 'loud' }, /^level should be 'debug' or 'info' or 'warn' or 'error' or null$/],
  ['a number as level', { level: 4 }, /^level should be 'debug' or/],
  ['no level', { component: 'tls' }, /^the body lacks 'level'$/],
  ['a duration without a unit', { level: 'debug', for: '10' }, /^for should be a duration/],
  ['more time than a timer holds', { level: 'debug', for: '25d' }, /not above 24 days/],
  ['as configured for a while', { level: null, for: '10m' }, /^for goes with a level$/],
  ['an unknown member', { level: 'debug', until: '10m' }, /^the body has an unknown member 'until'$/],
]
for (const [name, payload, detail] of bad) {
  test(`PUT log with ${name} is a 400 that says what may be, and changes nothing`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({ method: 'PUT', url, payload: payload as object })
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, detail)
    assert.deepEqual(gateway.calls, [])
  })
}
