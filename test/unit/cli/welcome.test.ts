/** What is printed once the gateway runs fits its configuration. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { welcome } from '../../../src/cli/welcome.js'
import { defaultConfig, parseConfig } from '../../../src/config/load.js'

const summary = {
  'SIP over TLS': ['0.0.0.0:5061', '[::]:5061'],
  'SIP over TCP': [],
  'HTTP API': ['http://127.0.0.1:8080'],
}
const text = (yaml?: string) =>
  welcome('1.2.3', yaml === undefined ? defaultConfig() : parseConfig(yaml), summary, 'hepgate')

test('it says what runs, in two columns, without what there is none of', () => {
  assert.deepEqual(text().split('\n').slice(0, 6), [
    'hepgate 1.2.3 is ready',
    '',
    '  SIP over TLS  0.0.0.0:5061',
    '                [::]:5061',
    '  HTTP API      http://127.0.0.1:8080',
    '',
  ])
})

test('it suggests commands that work as they are', () => {
  const printed = text()
  assert.match(printed, /\| openssl s_client -quiet -connect 127\.0\.0\.1:5061 -servername localhost -no_ign_eof$/m)
  assert.match(printed, /^ {2}curl -s http:\/\/127\.0\.0\.1:8080\/api\/v1\/collector\/packets$/m)
  assert.match(printed, /^ {2}curl -s http:\/\/127\.0\.0\.1:8080\/api\/v1\/status$/m)
  assert.match(printed, /^ {2}hepgate trace status$/m)
  for (const line of printed.split('\n')) assert.ok(line.length <= 120, line)
})

test('the suggested request is a whole SIP request when a shell has read it', () => {
  const printed = text()
  const pipeline = printed.slice(printed.indexOf('{ printf'), printed.indexOf('-no_ign_eof'))
  const request = execFileSync('sh', ['-c', pipeline.replace(/openssl .*/s, 'cat').replace('sleep 1', ':')]).toString()
  assert.match(request, /^OPTIONS sip:\S+ SIP\/2\.0\r\n(?:[A-Za-z-]+: [^\r\n]+\r\n){7}\r\n$/)
  for (const name of ['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'Content-Length']) {
    assert.match(request, new RegExp(`\r\n${name}: `))
  }
})

test('other ports, IPv6, a name and a token are in the commands', () => {
  const printed = text('socket: "tls:[::]:15061 AS sip.example.com"\napi: { listen: "[::1]:9000", token: abc }')
  assert.match(printed, /-connect \[::1\]:15061 -servername sip\.example\.com /)
  assert.match(printed, /trace on --for 10m --url http:\/\/\[::1\]:9000$/m)
  assert.match(printed, /curl -s -H "Authorization: Bearer \$HEPGATE_TOKEN" http/)
  assert.doesNotMatch(printed, /abc/)
})

test('where the API has a certificate and tokens, the commands ask over HTTPS with a token', () => {
  const token = `{ name: a, scopes: [read], sha256: ${'ab'.repeat(32)} }`
  const tls = 'certificate: a.pem, private_key: a.key'
  const printed = text(`socket: tls:127.0.0.1\napi: { listen: "127.0.0.1:28443", ${tls}, tokens: [${token}] }`)
  assert.match(
    printed,
    /^ {2}curl -s -H "Authorization: Bearer \$HEPGATE_TOKEN" https:\/\/127\.0\.0\.1:28443\/api\/v1\/status$/m,
  )
  assert.match(printed, /^ {2}hepgate trace on --for 10m --url https:\/\/127\.0\.0\.1:28443$/m)
  assert.doesNotMatch(printed, /http:\/\/127\.0\.0\.1:28443/)
})

test('where clients need a certificate, openssl is given one', () => {
  const domain = 'certificate: a.pem, private_key: a.key'
  const asked = text(`socket: tls:127.0.0.1\ntls_mgm: { server_domain: [{ name: a, ${domain} }] }`)
  assert.match(asked, /-connect 127\.0\.0\.1:5061 -cert client\.pem -key client-key\.pem -no_ign_eof$/m)
  const free = text(`socket: tls:127.0.0.1\ntls_mgm: { server_domain: [{ name: a, ${domain}, verify_cert: 0 }] }`)
  assert.match(free, /-connect 127\.0\.0\.1:5061 -no_ign_eof$/m)
})

test('where tracing waits to be switched on, that is suggested', () => {
  const traced = 'socket: tls:127.0.0.1\nproto_hep: { hep_id: "[h]127.0.0.1" }\nproto_tls: { trace_destination: h'
  assert.match(text(`${traced} }`), /^ {2}hepgate trace on --for 10m$/m)
  assert.match(text(`${traced}, trace_on: 1 }`), /^ {2}hepgate trace status$/m)
  assert.match(text('socket: tls:127.0.0.1'), /^ {2}hepgate trace on --for 10m$/m)
  assert.match(text('socket: tls:127.0.0.1\nlive: { message_bytes: 0 }'), /^ {2}hepgate trace status$/m)
})

test('what is not configured is not suggested', () => {
  assert.doesNotMatch(text('socket: tcp:127.0.0.1:5060'), /openssl/)
  assert.doesNotMatch(text('socket: tls:127.0.0.1'), /collector\/packets/)
  assert.doesNotMatch(text('socket: tls:127.0.0.1\napi: { listen: off }'), /curl|trace status/)
})
