/** hepgate log, against the API in front of a fake gateway. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { runHepgate } from '../../support/terminal.js'
import { apiOptions } from '../api/api.js'

async function listening(t: TestContext): Promise<{ gateway: FakeGateway; url: string }> {
  const gateway = new FakeGateway()
  const api = await startApi({ ...apiOptions(gateway), listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  return { gateway, url: api.url }
}

test('status prints every component and changes nothing', async (t) => {
  const { gateway, url } = await listening(t)
  gateway.logStatus = {
    components: [
      { component: 'gateway', level: 'info', configured: 'info', until: undefined },
      { component: 'tls', level: 'debug', configured: 'info', until: '2026-01-02T03:14:05.000Z' },
      { component: 'hep', level: 'error', configured: 'warn', until: undefined },
    ],
    repeats: 3,
  }
  const { code, stdout, stderr } = await runHepgate('log', 'status', '--url', url)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.equal(
    stdout,
    'gateway   info\ntls       debug until 2026-01-02T03:14:05.000Z, then info\nhep       error, configured: warn\n' +
      'repeated  3 lines not written: too many were alike\n',
  )
  assert.deepEqual(gateway.calls, [])
})

const by = 'local 127.0.0.1'
for (const [words, told] of [
  [['tls=debug', '--for', '10m'], { component: 'tls', level: 'debug', forMs: 600_000, by }],
  [['warn'], { level: 'warn', by }],
  [['sip=configured'], { component: 'sip', by }],
  [['configured'], { by }],
] as const) {
  test(`log ${words.join(' ')} asks for that, and prints what is so`, async (t) => {
    const { gateway, url } = await listening(t)
    const { code, stdout } = await runHepgate('log', ...words, '--url', url)
    assert.equal(code, 0)
    assert.match(stdout, /^gateway {4}info$/m)
    assert.deepEqual(gateway.calls, [['setLog', told]])
  })
}

for (const [words, complaint] of [
  [[], /status or a level is missing/],
  [['loud'], /level should be 'debug' or 'info' or 'warn' or 'error' or null/],
  [['dns=debug'], /component should be 'gateway' or/],
  [['status', '--for', '10m'], /--for goes with a level/],
  [['tls=configured', '--for', '10m'], /--for goes with a level/],
  [['debug', '--for', '10'], /--for should be a duration/],
] as const) {
  test(`log ${words.join(' ')} is bad usage, and changes nothing`, async (t) => {
    const { gateway, url } = await listening(t)
    const { code, stderr } = await runHepgate('log', ...words, '--url', url)
    assert.equal(code, 2)
    assert.match(stderr, complaint)
    assert.deepEqual(gateway.calls, [])
  })
}
