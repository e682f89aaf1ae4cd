/** hepgate check: problems with their places, and the plan. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { selfSigned, TestCa } from '../../support/certificates.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'

function configFile(t: TestContext, yaml: string, dir = tempDir(t)): string {
  const path = join(dir, 'gate.yaml')
  writeFileSync(path, yaml)
  return path
}

test('the built-in configuration is fine', async () => {
  const { code, stdout, stderr } = await runHepgate('check')
  assert.equal(code, 0)
  assert.equal(stderr, '')
  assert.match(stdout, /^listens on +tls:0\.0\.0\.0:5061 \(edge side, edge mode\)$/m)
  assert.match(stdout, /the built-in configuration is fine\n$/)
})

test('the plan shows sockets, certificates with their end, destinations, upstreams, trunks, trust and routes', async (t) => {
  const dir = tempDir(t)
  const ca = await TestCa.create({ name: 'Check CA', keyType: 'ecdsa' })
  const notAfter = new Date(Date.now() + 100.5 * 86_400_000)
  const { certPem, keyPem } = await ca.issue({
    cn: 'sip.example.com',
    dns: ['sip.example.com'],
    keyType: 'ecdsa',
    notAfter,
  })
  writeFileSync(join(dir, 'cert.pem'), certPem + ca.certPem)
  writeFileSync(join(dir, 'key.pem'), keyPem, { mode: 0o600 })
  const file = configFile(
    t,
    `
socket:
  - tls:127.0.0.1:5061 AS sip.example.com
  - { socket: "tcp:127.0.0.1:5060", side: core, proxy_protocol: 10.0.0.0/8 }
proto_tls: { trace_destination: homer, trace_filter_route: some }
proto_hep:
  hep_id: ["[homer]10.0.0.2;transport=tcp;auth_key=geheim", "[spare]10.0.0.3;transport=udp;form=opensips"]
tls_mgm:
  server_domain:
    - { name: default, certificate: cert.pem, private_key: key.pem, verify_cert: 0 }
routes:
  some: exit;
relay:
  upstream: ["sip:10.0.0.5:5060;transport=tcp", { uri: sip:10.0.0.6, priority: 2, weight: 3 }]
  trunk: [sips:a.example, { uri: sips:b.example, keepalive: 0, options: 60 }]
trust: { domains: [a.example, b.example] }
`,
    dir,
  )
  const { code, stdout, stderr } = await runHepgate('check', '--config', file)
  assert.equal(stderr, '')
  assert.equal(code, 0)
  for (const line of [
    /^listens on +tls:127\.0\.0\.1:5061 AS sip\.example\.com \(edge side, edge mode\)$/m,
    /^ +tcp:127\.0\.0\.1:5060 \(core side, edge mode, PROXY protocol from 10\.0\.0\.0\/8\)$/m,
    /^certificates +default: \/.*CN=sip\.example\.com, expires .*, in 100 days$/m,
    /^relays to +sip:10\.0\.0\.5:5060;transport=tcp$/m,
    /^ +sip:10\.0\.0\.6 \(priority 2, weight 3\)$/m,
    /^trunks +sips:a\.example \(keep-alive every 30 s, no OPTIONS\)$/m,
    /^ +sips:b\.example \(no keep-alives, OPTIONS every 60 s\)$/m,
    /^trusts +a\.example$/m,
    /^ +b\.example$/m,
    /^traces +by the filter some, once it is switched on/m,
    /^destinations +homer: tcp:10\.0\.0\.2:9060, events as log$/m,
    /^ +spare: udp:10\.0\.0\.3:9060, events as opensips \(not named by trace_destination\)$/m,
    /^routes +some$/m,
  ]) {
    assert.match(stdout, line)
  }
  assert.doesNotMatch(stdout, /geheim/)
  const json = JSON.parse((await runHepgate('check', '--config', file, '--json')).stdout)
  assert.equal(json.ok, true)
  assert.deepEqual(json.problems, [])
  assert.equal(json.plan.server_domains[0].certificates[0].daysLeft, 100)
  assert.deepEqual(
    json.plan.destinations.map((d: { id: string; traced: boolean }) => [d.id, d.traced]),
    [
      ['homer', true],
      ['spare', false],
    ],
  )
})

test('every problem of the file comes with its line', async (t) => {
  const file = configFile(t, 'socket: tls:127.0.0.1:5061\nproto_tls:\n  tls_prot: 5061\n  trace_on: maybe\n')
  const { code, stdout, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 2)
  assert.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  assert.equal(lines.length, 2)
  assert.ok(lines[0]!.startsWith(`${file}:3:3: error: proto_tls.tls_prot: `), lines[0])
  assert.ok(lines[1]!.startsWith(`${file}:4:`), lines[1])
})

test('a route that does not parse is named with its place in the file', async (t) => {
  const file = configFile(
    t,
    `socket: tls:127.0.0.1:5061
routes:
  good: exit;
  bad: |
    if ($si == "1.2.3.4")
      $nonsense;
  flow: "$x == 1;"
`,
  )
  const { code, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 2)
  const lines = stderr.trimEnd().split('\n')
  assert.ok(
    lines.some((line) => line.startsWith(`${file}:6:7: error: routes.bad: `)),
    stderr,
  )
  assert.ok(
    lines.some((line) => line.startsWith(`${file}:7:9: error: routes.flow: `)),
    stderr,
  )
  assert.ok(!stderr.includes('routes.good'), stderr)
})

test('certificates that are not there, do not match or have expired are named with their file', async (t) => {
  const dir = tempDir(t)
  const ca = await TestCa.create({ name: 'Check CA', keyType: 'ecdsa' })
  const [one, two] = [await ca.issue({ cn: 'one', keyType: 'ecdsa' }), await ca.issue({ cn: 'two', keyType: 'ecdsa' })]
  writeFileSync(join(dir, 'one.pem'), one.certPem)
  writeFileSync(join(dir, 'two.key'), two.keyPem, { mode: 0o600 })
  const file = configFile(
    t,
    `socket: tls:127.0.0.1:5061
tls_mgm:
  server_domain:
    - { name: mixed, certificate: one.pem, private_key: two.key }
    - { name: gone, certificate: none.pem, private_key: none.key, match_sip_domain: gone.example }
`,
    dir,
  )
  const { code, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 2)
  assert.match(stderr, /one\.pem: error: server_domain mixed: /)
  assert.match(stderr, /none\.pem: error: server_domain gone: /)
  const json = JSON.parse((await runHepgate('check', '--config', file, '--json')).stdout)
  assert.equal(json.ok, false)
  assert.equal(json.plan, undefined)
  assert.ok(json.problems.length >= 2)
  assert.ok(!stderr.includes('PRIVATE KEY'))
})

test('a warning is told and does no harm', async (t) => {
  const dir = tempDir(t)
  const ca = await TestCa.create({ name: 'Check CA', keyType: 'ecdsa' })
  const soon = await ca.issue({ cn: 'soon', keyType: 'ecdsa', notAfter: new Date(Date.now() + 5 * 86_400_000) })
  writeFileSync(join(dir, 'cert.pem'), soon.certPem + ca.certPem)
  writeFileSync(join(dir, 'key.pem'), soon.keyPem, { mode: 0o600 })
  const domain = '{ name: default, certificate: cert.pem, private_key: key.pem }'
  const file = configFile(t, `socket: tls:127.0.0.1:5061\ntls_mgm: { server_domain: [${domain}] }\n`, dir)
  const { code, stdout, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 0)
  assert.match(stderr, /cert\.pem: warning: server_domain default: /)
  assert.match(stdout, /is fine\n$/)
})

test('a configuration that is probably not meant is warned of at its line, and would run', async (t) => {
  const file = configFile(t, 'socket:\n  - tls:127.0.0.1:5061\n  - tcp:0.0.0.0:5060\nrelay: { upstream: sips:h }\n')
  const { code, stdout, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 0)
  assert.match(stdout, /is fine\n$/)
  const lines = stderr.trimEnd().split('\n')
  assert.equal(lines.length, 2)
  assert.ok(lines[0]!.startsWith(`${file}:3:5: warning: socket[1]: whoever reaches it is believed`), lines[0])
  assert.ok(lines[1]!.startsWith(`${file}:4:20: warning: relay.upstream: no tls socket on the core side`), lines[1])
})

test('files of HEP destinations and filter modules are looked at too', async (t) => {
  const dir = tempDir(t)
  writeFileSync(join(dir, 'filter.mjs'), 'export const not = "the default"\n')
  const file = configFile(
    t,
    `socket: tls:127.0.0.1:5061
proto_tls: { trace_destination: homer, trace_filter_route: ./filter.mjs }
proto_hep: { hep_id: "[homer]10.0.0.2;transport=tls;ca_list=none.pem" }
`,
    dir,
  )
  const { code, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 2)
  assert.match(stderr, /none\.pem: error: HEP id homer: /)
  assert.match(stderr, /filter\.mjs: error: .*default export/)
})

test('an API with a certificate is planned under https, and a bad certificate of it is named', async (t) => {
  const dir = tempDir(t)
  const { certificate, privateKey } = selfSigned().writeTo(dir, 'api')
  const api = `{ listen: "127.0.0.1:8443", certificate: ${certificate}, private_key: ${privateKey} }`
  const file = configFile(t, `socket: tls:127.0.0.1\napi: ${api}\n`, dir)
  const good = await runHepgate('check', '--config', file)
  assert.deepEqual([good.code, good.stderr], [0, ''])
  assert.match(good.stdout, /^HTTP API +https:\/\/127\.0\.0\.1:8443$/m)
  writeFileSync(certificate, 'no certificate')
  const bad = await runHepgate('check', '--config', file)
  assert.equal(bad.code, 2)
  assert.match(bad.stderr, /api\.pem: error: api: holds no certificate/)
})

test('what is traced without a destination stays in the gateway, and the plan says so', async (t) => {
  const kept = await runHepgate('check', '--config', configFile(t, 'socket: tls:127.0.0.1\n'))
  assert.match(
    kept.stdout,
    /^traces +every connection, once .*, for the dashboard and the API only: trace_destination/m,
  )
  const none = configFile(t, 'socket: tls:127.0.0.1\nlive: { message_bytes: 0 }\n')
  const { stdout } = await runHepgate('check', '--config', none)
  assert.match(stdout, /^traces +nothing: trace_destination names no destination, and live\.message_bytes is 0$/m)
})
