/** What is printed once the gateway runs fits its configuration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { welcome } from '../../../src/cli/welcome.js'
import { parseConfig } from '../../../src/config/load.js'

const text = (yaml: string) => welcome('1.2.3', parseConfig(yaml), ['SIP over TLS 0.0.0.0:5061'], 'hepgate')

test('it says what listens, and commands that work as they are', () => {
  const lines = text('socket: tls:0.0.0.0:5061\napi: { listen: 127.0.0.1:8080 }').split('\n')
  assert.equal(lines[0], 'hepgate 1.2.3 is ready')
  assert.equal(lines[1], '  SIP over TLS 0.0.0.0:5061')
  assert.match(lines[4]!, /^ {2}printf 'OPTIONS sip:.*' \| openssl s_client -quiet -connect 127\.0\.0\.1:5061$/)
  assert.equal(lines[5], '  hepgate trace status')
  assert.equal(lines[6], '  curl -s http://127.0.0.1:8080/api/v1/status')
})

test('other ports, IPv6 and a token are in the commands', () => {
  const printed = text('socket: "tls:[::]:15061"\napi: { listen: "[::1]:9000", token: abc }')
  assert.match(printed, /-connect \[::1\]:15061$/m)
  assert.match(printed, /trace status --url http:\/\/\[::1\]:9000$/m)
  assert.match(printed, /curl -s -H "Authorization: Bearer \$TOKEN" http/)
  assert.doesNotMatch(printed, /abc/)
})

test('without TLS there is no TLS command', () => {
  assert.doesNotMatch(text('socket: tcp:127.0.0.1:5060'), /openssl/)
})
