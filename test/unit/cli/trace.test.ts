/** hepgate trace, against the API in front of a fake gateway. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'
import { apiOptions } from '../api/api.js'

async function listening(t: TestContext, token?: string): Promise<{ gateway: FakeGateway; url: string }> {
  const gateway = new FakeGateway()
  const api = await startApi({ ...apiOptions(gateway), token, listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  return { gateway, url: api.url }
}

function routeFile(t: TestContext, text: string): string {
  const file = join(tempDir(t), 'some.route')
  writeFileSync(file, text)
  return file
}

test('status prints the state and changes nothing', async (t) => {
  const { gateway, url } = await listening(t)
  const { code, stdout, stderr } = await runHepgate('trace', 'status', '--url', url)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.equal(
    stdout,
    'tracing      off\ndestination  hep_dest\nfilter       tls_filter\nconnections  3 traced now\n' +
      'failures     1 of the filter; see the log\n',
  )
  assert.deepEqual(gateway.calls, [])
})

for (const [from, filter, line] of [
  ['nowhere', {}, 'none: every connection'],
  ['the configuration', { filter: 'one_customer', filterSource: 'config' }, 'one_customer'],
  ['HTTP', { filter: 'filter of the API', filterSource: 'api' }, 'a route set over HTTP, until the next start'],
] as const) {
  test(`status tells that the filter is from ${from}`, async (t) => {
    const { gateway, url } = await listening(t)
    const status = { ...gateway.traceStatus(), filter: undefined, filterSource: undefined, ...filter }
    gateway.traceStatus = () => status
    const { stdout } = await runHepgate('trace', 'status', '--url', url)
    assert.ok(stdout.includes(`\nfilter       ${line}\n`), stdout)
  })
}

test('on passes time and existing on, and prints when it ends', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.until = '2026-01-02T03:14:05.000Z'
  const { code, stdout } = await runHepgate('trace', 'on', '--for', '10m', '--existing', '--url', url)
  assert.equal(code, 0)
  assert.match(stdout, /^tracing {6}on until 2026-01-02T03:14:05\.000Z \(10m left\)$/m)
  assert.deepEqual(gateway.calls, [
    ['setTrace', { trace_mode: 'on', forMs: 600_000, existing: true, by: 'local 127.0.0.1' }],
  ])
})

test('off switches off', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.mode = 'on'
  const { code, stdout } = await runHepgate('trace', 'off', '--url', `${url}/`)
  assert.equal(code, 0)
  assert.match(stdout, /^tracing {6}off$/m)
  assert.equal(gateway.mode, 'off')
})

test('on with a filter sends the filter first, then switches', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.filterAnswer = {
    total: 2,
    traced: 1,
    matches: [
      { id: '12', peer: '203.0.113.9:50412', sni: 'a.example', traced: true, why: 'exit at line 1' },
      { id: '13', peer: '203.0.113.10:50413', sni: undefined, traced: false, why: 'drop at line 2' },
    ],
  }
  const { code, stdout } = await runHepgate('trace', 'on', '--filter', routeFile(t, 'exit;'), '--url', url)
  assert.equal(code, 0)
  assert.deepEqual(
    gateway.calls.map(([name]) => name),
    ['setFilter', 'setTrace'],
  )
  assert.equal(gateway.calls[0]![1], 'exit;')
  assert.match(stdout, /this filter traces 1 of 2 live connections\n {2}12 {2}203\.0\.113\.9:50412 {2}a\.example\n$/)
})

test('status with a filter is a dry run', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.filterAnswer = { total: 0, traced: 0, matches: [] }
  const { code, stdout } = await runHepgate('trace', 'status', '--filter', routeFile(t, 'exit;'), '--url', url)
  assert.equal(code, 0)
  assert.deepEqual(gateway.calls, [['dryRunFilter', 'exit;']])
  assert.match(stdout, /this filter traces 0 of 0 live connections/)
})

test('a filter that does not parse is bad usage with its place, and nothing is switched', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.filterAnswer = { problems: [{ line: 2, column: 7, message: '$x: unknown variable' }] }
  const file = routeFile(t, 'if\n$x')
  const { code, stderr } = await runHepgate('trace', 'on', '--filter', file, '--url', url)
  assert.equal(code, 2)
  assert.equal(stderr, `hepgate trace: ${file}:2:7: $x: unknown variable\n`)
  assert.equal(gateway.mode, 'off')
})

test('a token comes from the environment or a file', async (t) => {
  const { url } = await listening(t, 'correct-horse')
  const file = routeFile(t, 'correct-horse\n')
  assert.equal((await runHepgate('trace', 'status', '--url', url, '--token', `file:${file}`)).code, 0)
  process.env.HEPGATE_TOKEN = 'correct-horse'
  t.after(() => delete process.env.HEPGATE_TOKEN)
  assert.equal((await runHepgate('trace', 'status', '--url', url)).code, 0)
  assert.equal((await runHepgate('trace', 'status', '--url', url, '--token', 'env:HEPGATE_TOKEN')).code, 0)
})

test('without the token it says how to give one', async (t) => {
  const { url } = await listening(t, 'correct-horse')
  const { code, stderr } = await runHepgate('trace', 'on', '--url', url)
  assert.equal(code, 2)
  assert.match(stderr, /wants its token: set HEPGATE_TOKEN, or --token env:NAME or file:PATH/)
})

test('where nothing listens it says so', async (t) => {
  const { url } = await listening(t)
  const port = Number(new URL(url).port)
  const free = port === 1 ? 2 : 1 // privileged and unused
  const { code, stderr } = await runHepgate('trace', 'status', '--url', `http://127.0.0.1:${free}`)
  assert.equal(code, 1)
  assert.match(stderr, /no answer from .*is the gateway running\? --url says where it is/)
})

test('a server that is no hepgate is told from one', async (t) => {
  for (const [status, body] of [
    [200, '{"trace_mode":"perhaps"}'],
    [200, '<html>'],
    [404, '{"error":"nope"}'],
    [302, ''],
  ] as const) {
    const server = createServer((_request, response) => {
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, stderr } = await runHepgate('trace', 'status', '--url', url)
    assert.equal(code, 1, String(status))
    assert.match(stderr, /does not answer like the API of hepgate|no answer from/)
  }
})

test('a fault inside the gateway is a failure, not bad usage', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.failure = new Error('insides')
  const { code, stderr } = await runHepgate('trace', 'on', '--url', url)
  assert.equal(code, 1)
  assert.match(stderr, /failed inside the gateway/)
})
