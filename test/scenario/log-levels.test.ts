/** The log of a running gateway: what each component says, how its level is changed, and what is never in it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { AuditEntry } from '../../src/base/live.js'
import type { LogStatus } from '../../src/base/status.js'
import type { LogLine } from '../support/gateway-process.js'
import { reconfigure } from '../support/reconfigure.js'
import { startScene } from '../support/scene.js'
import { lastFirst } from '../support/scope.js'
import { until } from '../support/wait.js'

const scope = lastFirst({ after })
const scene = await startScene(scope, { log: { level: 'info', format: 'json' } })
const { gateway } = scene

const lines = (component: string) => gateway.logLines().filter((line) => line.component === component)
/** Those about connections; the others are about certificates. */
const connectionLines = () => lines('tls').filter(({ level }) => level !== 'warn')

/** Those about the connection of a client that has closed it, waited for; with `tls` at debug. */
function linesOf(peer: string): Promise<LogLine[]> {
  return until('the connection is closed', () => {
    const own = connectionLines().filter((line) => line.peer === peer)
    return own.at(-1)?.msg === 'connection closed' && own
  })
}

async function put(body: object): Promise<LogStatus> {
  const answer = await gateway.put('/api/v1/log', body)
  assert.equal(answer.status, 200)
  return (await answer.json()) as LogStatus
}

async function levelOf(component: string): Promise<LogStatus['components'][number] | undefined> {
  const status = (await (await fetch(`${gateway.apiUrl}/api/v1/log`)).json()) as LogStatus
  return status.components.find((one) => one.component === component)
}

async function audited(): Promise<AuditEntry[]> {
  const { audit } = (await (await fetch(`${gateway.apiUrl}/api/v1/audit`)).json()) as { audit: AuditEntry[] }
  return audit.filter(({ action }) => action === 'log-level')
}

const secretBody = 'v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n'

test('at info: nothing of connections that go well, and nothing of messages', async () => {
  const client = await scene.client()
  await client.request()
  await client.close()
  await scene.event('CLOSED', { peer: client.address })
  assert.deepEqual([connectionLines(), lines('sip')], [[], []])
})

test('tls and sip at debug for a while: a line for each connection and message, and no body in any', async () => {
  const { components } = await put({ component: 'sip', level: 'debug', for: '10m' })
  assert.ok(components.find(({ component }) => component === 'sip')?.until)
  await put({ component: 'tls', level: 'debug' })
  const client = await scene.client()
  const { request } = await client.request({ body: secretBody })
  await client.close()
  const [accepted] = await linesOf(client.address)
  assert.equal(accepted!.msg, 'connection accepted')
  const messages = lines('sip').filter(({ conn_id }) => conn_id === accepted!.conn_id)
  assert.deepEqual(
    messages.map(({ msg, method, status }) => [msg, method, status]),
    [
      ['message received', 'OPTIONS', undefined],
      ['message sent', 'OPTIONS', 200],
    ],
  )
  assert.equal(messages[0]!.bytes, request.length)
  assert.equal(lines('sip').length, 4, 'both legs')
  assert.equal(gateway.process.output.includes('crypto'), false)
})

test('as configured again, messages are not looked at any more', async () => {
  await put({ level: null })
  assert.deepEqual(await levelOf('sip'), { component: 'sip', level: 'info', configured: 'info' })
  const before = lines('sip').length
  await put({ component: 'tls', level: 'debug' })
  const client = await scene.client()
  await client.request()
  await client.close()
  await linesOf(client.address) // what was said of its messages came before
  assert.equal(lines('sip').length, before)
  await put({ component: 'tls', level: null })
})

test('a time that is over gives the level of the configuration back, and both are in the audit list', async () => {
  await put({ component: 'hep', level: 'error', for: '1ms' })
  await until('it is as configured', async () => (await levelOf('hep'))?.level === 'info')
  const [over, set] = await audited()
  assert.deepEqual(
    [set!.what, set!.by, set!.until !== undefined],
    ['log level of hep set to error', 'local 127.0.0.1', true],
  )
  assert.deepEqual([over!.what, over!.by], ['log level of hep is as configured again: its time is over', 'gateway'])
})

test('a reload takes the levels of the file at once, but for those set over HTTP', async () => {
  await put({ component: 'api', level: 'debug' })
  await reconfigure(gateway, (config) => {
    config.log = { level: 'warn', format: 'json', levels: { tls: 'error' } }
  })
  const levels = await Promise.all(['gateway', 'tls', 'api'].map(async (one) => (await levelOf(one))?.level))
  assert.deepEqual(levels, ['warn', 'error', 'debug'])
})

test('a handshake that fails is a line with its cause; what is too often is summed up, at the latest at the end', async () => {
  await put({ component: 'tls', level: 'info' })
  const before = connectionLines().length
  // at once: what counts as too often are more than ten in ten seconds, however busy the machine is
  const outdated = () => assert.rejects(scene.client({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }))
  await Promise.all(Array.from({ length: 14 }, outdated))
  await scene.status('all of them', ({ connections }) => connections.failures['no-shared-cipher'] === 14)
  await gateway.stop()
  const failed = connectionLines().slice(before)
  for (const { level, msg } of failed) {
    assert.deepEqual([level, msg], ['info', 'a connection was not accepted: peer and we have no cipher in common'])
  }
  const single = failed.filter(({ repeated }) => repeated === undefined)
  for (const { cause, conn_id, peer } of single) {
    assert.equal(cause, 'no-shared-cipher')
    assert.match(`${conn_id} ${peer}`, /^\d+ 127\.0\.0\.1:\d+$/)
  }
  const repeated = failed.reduce((sum, { repeated = 0 }) => sum + Number(repeated), 0)
  assert.ok(repeated > 0)
  assert.equal(single.length + repeated, 14)
})
