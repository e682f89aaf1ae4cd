/** Tokens open the API for what their scopes say; one that leaked is gone with the next reload. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { GatewayStatus } from '../../src/base/status.js'
import { configFile, mainPath, startGatewayProcess } from '../support/gateway-process.js'

/** A token as `hepgate token` makes it, and what the configuration has to know of it. */
function newToken(name: string, scope: string): { token: string; entry: unknown } {
  const printed = execFileSync(process.execPath, [mainPath, 'token', '--name', name, '--scope', scope]).toString()
  const entry = parse(printed.slice(printed.indexOf('api:'))).api.tokens[0]
  return { token: printed.split('\n', 1)[0]!, entry }
}

test('each token is good for its scopes, and a reload takes one away without a restart', async (t) => {
  const [eyes, hands] = [newToken('eyes', 'read'), newToken('hands', 'read,control')]
  const gateway = await startGatewayProcess(t, {})
  const file = configFile(gateway.dir)
  const config = JSON.parse(readFileSync(file, 'utf8'))

  function useTokens(...entries: unknown[]): void {
    writeFileSync(file, JSON.stringify({ ...config, api: { ...config.api, tokens: entries } }))
  }
  async function ask(method: string, path: string, token?: string): Promise<number> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return (await fetch(gateway.apiUrl + path, { method, headers })).status
  }

  // Without a token in the configuration, local programs need none.
  assert.equal(await ask('GET', '/api/v1/status'), 200)
  useTokens(eyes.entry, hands.entry)
  assert.equal(await ask('POST', '/api/v1/reload'), 200)

  assert.equal(await ask('GET', '/api/v1/status'), 401)
  assert.equal(await ask('GET', '/healthz'), 200)
  assert.equal(await ask('GET', '/api/v1/status', eyes.token), 200)
  assert.equal(await ask('POST', '/api/v1/reload', eyes.token), 403)
  assert.equal(await ask('POST', '/api/v1/reload', hands.token), 200)

  const trace = [mainPath, 'trace', 'status', '--url', gateway.apiUrl, '--token', 'env:EYES']
  const printed = execFileSync(process.execPath, trace, { env: { ...process.env, EYES: eyes.token } }).toString()
  assert.match(printed, /^tracing +off$/m)

  const streams = await Promise.all(
    ['/api/v1/events', '/api/v1/pcapng?follow=true'].map((path) =>
      fetch(gateway.apiUrl + path, { headers: { authorization: `Bearer ${eyes.token}` } }),
    ),
  )
  assert.deepEqual(
    streams.map(({ status }) => status),
    [200, 200],
  )
  useTokens(hands.entry)
  assert.equal(await ask('POST', '/api/v1/reload', hands.token), 200)
  for (const stream of streams) await assert.rejects(stream.text(), 'what a revoked token has open is cut')
  assert.equal(await ask('GET', '/api/v1/status', eyes.token), 401)
  const status = await fetch(`${gateway.apiUrl}/api/v1/status`, { headers: { authorization: `Bearer ${hands.token}` } })
  const { api } = (await status.json()) as GatewayStatus
  assert.deepEqual(api, { refusedTokens: 1 })

  const output = gateway.process.output
  assert.match(output, /token hands 127\.0\.0\.1/)
  for (const { token } of [eyes, hands]) assert.ok(!output.includes(token), 'no token is in the log')
})
