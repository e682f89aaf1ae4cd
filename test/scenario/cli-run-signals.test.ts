/** A running gateway and the signals of its supervisor. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const longDrain = { limits: { drain_timeout: 60_000 } }

function rewriteConfig(gateway: GatewayProcess, change: (config: Record<string, unknown>) => void): void {
  const file = join(gateway.dir, 'gateway.yaml')
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  change(config)
  writeFileSync(file, JSON.stringify(config))
}

test('it prints what listens and what to try', async (t) => {
  const gateway = await startGatewayProcess(t, {})
  await gateway.process.printed(/hepgate \S+ is ready/)
  await gateway.process.printed(new RegExp(`openssl s_client -quiet -connect 127\\.0\\.0\\.1:${gateway.port}`))
  await gateway.process.printed(new RegExp(`curl -s ${gateway.apiUrl}/api/v1/status`))
  await gateway.process.printed(/relays to +built-in responder/)
  await gateway.process.printed(/traces to +nowhere/)
  // standard error is no terminal here: the log says it too
  await gateway.process.printed(/"msg":"hepgate is running"/)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends an idle gateway at once, and well`, async (t) => {
    const gateway = await startGatewayProcess(t, longDrain)
    assert.deepEqual(await gateway.process.stop(signal), { code: 0, signal: null })
  })
}

test('SIGTERM lets a connection finish before the process ends', async (t) => {
  const gateway = await startGatewayProcess(t, longDrain)
  const client = await SipClient.connect({ port: gateway.port })
  gateway.process.signal('SIGTERM')
  await until('the drain', async () => (await gateway.status()).state === 'draining')
  assert.match(String((await client.request()).answer), /^SIP\/2\.0 200 /)
  await client.close()
  assert.deepEqual(await gateway.process.ended, { code: 0, signal: null })
})

test('a second signal ends it at once, as a failure', async (t) => {
  const gateway = await startGatewayProcess(t, longDrain)
  const client = await SipClient.connect({ port: gateway.port })
  gateway.process.signal('SIGTERM')
  await until('the drain', async () => (await gateway.status()).state === 'draining')
  gateway.process.signal('SIGINT')
  assert.deepEqual(await gateway.process.ended, { code: 1, signal: null })
  await client.closed
})

test('a bug that nobody caught is logged and ends the process as a failure', async (t) => {
  const filter = join(tempDir(t), 'filter.mjs')
  writeFileSync(filter, 'export default () => void setTimeout(() => { throw new Error("a seeded bug") })')
  const gateway = await startGatewayProcess(t, {
    // in edge mode the connection to the first upstream would set it off before anybody sees it running
    relay: { mode: 'tunnel' },
    proto_tls: { trace_on: 1, trace_destination: 'd', trace_filter_route: filter },
    proto_hep: { hep_id: '[d]127.0.0.1:9;transport=udp' },
  })
  await SipClient.connect({ port: gateway.port })
  assert.deepEqual(await gateway.process.ended, { code: 1, signal: null })
  assert.match(gateway.process.output, /"level":"error".*a seeded bug.*uncaughtException: this is a bug in hepgate/)
})

test('SIGHUP reloads; a broken file is reported and changes nothing', async (t) => {
  const gateway = await startGatewayProcess(t, { routes: { a: 'exit;' } })
  rewriteConfig(gateway, (config) => {
    config.proto_hep = { hep_id: '[late]127.0.0.1:9;transport=udp' }
    config.proto_tls = { trace_destination: 'late' }
  })
  gateway.process.signal('SIGHUP')
  await until('the new destination', async () => (await gateway.status()).destinations[0]?.id === 'late')
  rewriteConfig(gateway, (config) => {
    config.nonsense = 1
  })
  gateway.process.signal('SIGHUP')
  const { reload, destinations } = await until('the failed reload', async () => {
    const status = await gateway.status()
    return status.reload?.ok === false && status
  })
  assert.match(reload!.problems.join(), /nonsense/)
  assert.equal(destinations[0]?.id, 'late')
  await gateway.stop()
})
