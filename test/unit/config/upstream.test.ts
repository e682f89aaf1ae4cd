import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import type { Transport } from '../../../src/base/facts.js'
import { parseUpstream } from '../../../src/config/upstream.js'

const spellings: [string, string, number, Transport][] = [
  ['sip:10.0.0.5:5070;transport=tcp', '10.0.0.5', 5070, 'tcp'],
  ['sip:10.0.0.5', '10.0.0.5', 5060, 'tcp'],
  ['sip:pbx.example.com;transport=tls', 'pbx.example.com', 5061, 'tls'],
  ['SIP:[::1]:5080;Transport=TCP', '::1', 5080, 'tcp'],
  ['sips:pbx.example.com', 'pbx.example.com', 5061, 'tls'],
  ['sips:pbx.example.com:5081;transport=tcp', 'pbx.example.com', 5081, 'tls'],
  ['tcp:10.0.0.5:5060', '10.0.0.5', 5060, 'tcp'],
  ['tls:[2001:db8::5]', '2001:db8::5', 5061, 'tls'],
  ['udp:10.0.0.5:5080', '10.0.0.5', 5080, 'udp'],
  ['sip:10.0.0.5;transport=UDP', '10.0.0.5', 5060, 'udp'],
]

for (const [text, host, port, transport] of spellings) {
  test(`${text} is an upstream`, () => {
    assert.deepEqual(parseUpstream(text, 5061), { uri: text, host, port, transport })
  })
}

const refused: [string, RegExp][] = [
  ['', /is not an upstream: expected sip:HOST/],
  ['10.0.0.5', /is not an upstream/],
  ['http://10.0.0.5', /is not an upstream/],
  ['sip:', /is not an upstream/],
  ['sip:h?x=y', /is not an upstream/],
  ['sip:user@10.0.0.5', /no user part before the host/],
  ['sips:h;transport=udp', /^sips: goes over TLS, found transport "udp"$/],
  ['sip:h;transport=ws', /^transport must be tcp, tls or udp, found "ws"$/],
  ['sip:h;lr', /^unknown parameter "lr"/],
  ['sip:h;transport=tcp;transport=tcp', /given twice/],
  ['tcp:h;transport=tcp', /given twice/],
  ['sip:h:0', /is not a port: expected 1 to 65535/],
  ['sip:1.2.3', /is not a host name or an address/],
]

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is not an upstream`, () => {
    assert.throws(
      () => parseUpstream(text, 5061),
      (error) => error instanceof UsageError && message.test(error.message),
    )
  })
}
