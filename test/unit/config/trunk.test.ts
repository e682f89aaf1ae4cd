import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { parseTrunk } from '../../../src/config/trunk.js'

const spellings: [string, string, number | undefined, 'tcp' | 'tls'][] = [
  ['sips:sip.carrier.example', 'sip.carrier.example', undefined, 'tls'],
  ['sips:sip.carrier.example:5071', 'sip.carrier.example', 5071, 'tls'],
  ['sips:sip.carrier.example;transport=tcp', 'sip.carrier.example', undefined, 'tls'],
  ['tls:[2001:db8::5]', '2001:db8::5', undefined, 'tls'],
  ['tcp:192.0.2.7', '192.0.2.7', undefined, 'tcp'],
  ['SIP:sip.carrier.example;Transport=TLS', 'sip.carrier.example', undefined, 'tls'],
  ['sip:192.0.2.7:5070;transport=tcp', '192.0.2.7', 5070, 'tcp'],
]

for (const [text, host, port, transport] of spellings) {
  test(`${text} is a trunk, its port ${port === undefined ? 'found by RFC 3263' : 'as written'}`, () => {
    assert.deepEqual(parseTrunk(text), { uri: text, host, port, transport })
  })
}

const refused: [string, RegExp][] = [
  ['', /is not a trunk: expected sips:HOST/],
  ['sip:sip.carrier.example', /names no transport: write sips:, or add ;transport=tcp$/],
  ['udp:192.0.2.7', /^transport must be tcp or tls, found "udp"$/],
  ['sip:192.0.2.7;transport=udp', /^transport must be tcp or tls, found "udp"$/],
  ['sips:192.0.2.7;transport=udp', /^sips: goes over TLS, found transport "udp"$/],
  ['sips:me@sip.carrier.example', /^a trunk is a server: no user part before the host$/],
  ['sips:sip.carrier.example;lr', /^unknown parameter "lr": a trunk has only transport=tcp\|tls$/],
]

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is not a trunk`, () => {
    assert.throws(
      () => parseTrunk(text),
      (error) => error instanceof UsageError && message.test(error.message),
    )
  })
}
