/** What peers call themselves, in certificates and Call-IDs, made to break whoever shows it: control characters, quotes, line ends, separators. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sceneCa, serverDomain } from '../support/domains.js'
import type { HepRecord } from '../support/hep-collector.js'
import { startScene } from '../support/scene.js'
import { headerOf } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const asking = { verify_cert: 1, require_cert: 0, ca_list: sceneCa.writeTo(dir) }
const scene = await startScene(
  scope,
  { tls_mgm: { server_domain: [serverDomain(dir, 'sip.example.com', asking)] } },
  dir,
)

const names: readonly [string, Parameters<typeof sceneCa.issue>[0]][] = [
  ['a NUL byte', { cn: 'bank.example.com\0.evil.example' }],
  ['line ends and separators', { cn: 'a\r\nCLOSED SUCCESS/CN=root+O=x', dns: ['x, DNS:bank.example.com'] }],
  ['terminal sequences', { cn: '\u001b]0;owned\u0007', dns: ['\u001b[2J"\\\u0000'] }],
  ['half a surrogate pair and a change of direction', { cn: '\ud800\u202e{"Event":"ACCEPTED"}' }],
  [
    'more names than a HEP packet holds',
    { dns: Array.from({ length: 1500 }, (_, i) => `h${i}.${'x'.repeat(20)}.example`) },
  ],
]

for (const [what, issue] of names) {
  test(`a certificate with ${what} leaves one line, whole JSON and an open API`, async () => {
    const certificate = sceneCa.issue(issue)
    const client = await scene.client({ cert: certificate.chainPem, key: certificate.keyPem })
    const accepted = await scene.event('ACCEPTED', { Status: 'SUCCESS', peer: client.address })
    const { payload } = scene.recordOf(accepted)
    assertPlain(payload)
    assert.equal(Buffer.from(payload.toString()).compare(payload), 0, 'not UTF-8')
    assert.doesNotMatch(String(accepted['client-san']), /(?:^|[^\\], )DNS:bank\.example\.com/)
    await scene.live(client.address)
    await client.close()
  })
}

test('a Call-ID with control characters reaches the server and the collector as it was, and no event breaks', async () => {
  const client = await scene.client()
  const callId = 'a\u0001"\\\u001b[2J\u0000}'
  const { request, answer } = await client.request({ callId })
  assert.equal(headerOf(answer, 'Call-ID'), callId)
  const traced = await until('the request', () => scene.collector.sip().find((sip) => sip.equals(request)))
  assert.ok(traced.includes(callId))
  const session = await scene.event('TLS_SESSION', { peer: client.address })
  assertPlain(scene.recordOf(session).payload)
  await client.close()
})

/** No control character but the one line feed between the line for people and the JSON. */
function assertPlain(payload: HepRecord['payload']): void {
  const [, json, ...more] = payload.toString('latin1').split('\n')
  assert.deepEqual(more, [])
  assert.equal(typeof JSON.parse(json ?? ''), 'object')
  assert.doesNotMatch(payload.toString('latin1').replace('\n', ''), /[\x00-\x1f\x7f]/)
}
