/** `log_level` in the shapes of OpenSIPS. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { logComponents, logLevels, numberOfLevel } from '../../../src/base/log.js'
import { fullSamples } from '../../support/api-samples.js'
import { testApi } from './api.js'

const { pid } = fullSamples.status

async function logLevel(t: TestContext, params: unknown) {
  const { api, gateway } = await testApi(t)
  const payload = { jsonrpc: '2.0', id: 1, method: 'log_level', params }
  const { result, error } = (await api.inject({ method: 'POST', url: '/mi', payload })).json()
  return { result, error, orders: gateway.calls }
}

test('without a level: one entry for each component, where OpenSIPS has processes', async (t) => {
  const { result, orders } = await logLevel(t, {})
  assert.deepEqual(
    result.Processes,
    logComponents.map((Type) => ({ PID: pid, 'Log level': 3, Type })),
  )
  assert.deepEqual(orders, [])
})

for (const [number, level] of [
  [4, 'debug'],
  [9, 'debug'],
  [3, 'info'],
  [2, 'info'],
  [1, 'warn'],
  [0, 'error'],
  [-1, 'error'],
  [-3, 'error'],
] as const) {
  test(`level ${number} is ${level}, for all components`, async (t) => {
    const asText = await logLevel(t, [String(number)])
    const asNumber = await logLevel(t, { level: number })
    for (const { result, orders } of [asText, asNumber]) {
      assert.deepEqual(result, { 'New global log level': number })
      assert.deepEqual(orders, [['setLog', { level, by: 'mi 127.0.0.1' }]])
    }
  })
}

test('the number of a level is that level again', async (t) => {
  for (const level of logLevels) {
    const { orders } = await logLevel(t, [numberOfLevel(level)])
    assert.deepEqual(orders, [['setLog', { level, by: 'mi 127.0.0.1' }]])
  }
})

test('the pid of the gateway may be given', async (t) => {
  const { result, orders } = await logLevel(t, ['4', String(pid)])
  assert.deepEqual(result, { 'Log level': 4 })
  assert.equal(orders.length, 1)
})

for (const [params, data] of [
  [['loud'], "Bad type for parameter 'level'"],
  [[''], "Bad type for parameter 'level'"],
  [[null], "Bad type for parameter 'level'"],
  [['4', 'me'], "Bad type for parameter 'pid'"],
  [['4', '1'], 'Bad PID'],
] as const) {
  test(`${JSON.stringify(params)} is the error of OpenSIPS, and changes nothing`, async (t) => {
    const { error, orders } = await logLevel(t, params)
    assert.deepEqual(error, { code: -32602, message: 'Invalid params', data })
    assert.deepEqual(orders, [])
  })
}
