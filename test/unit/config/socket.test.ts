import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { parseSocket } from '../../../src/config/socket.js'

const spellings: [string, ReturnType<typeof parseSocket>][] = [
  ['tls:1.2.3.4:5071', { text: '', transport: 'tls', ip: '1.2.3.4', port: 5071, advertise: undefined }],
  ['tls:1.2.3.4', { text: '', transport: 'tls', ip: '1.2.3.4', port: 5061, advertise: undefined }],
  ['tls:[::1]', { text: '', transport: 'tls', ip: '::1', port: 5061, advertise: undefined }],
  ['tls:[2001:DB8:0::1]:5062', { text: '', transport: 'tls', ip: '2001:db8::1', port: 5062, advertise: undefined }],
  ['tls:*:5061', { text: '', transport: 'tls', ip: '0.0.0.0', port: 5061, advertise: undefined }],
  ['tls:*', { text: '', transport: 'tls', ip: '0.0.0.0', port: 5061, advertise: undefined }],
  ['tcp:10.0.0.4', { text: '', transport: 'tcp', ip: '10.0.0.4', port: 5060, advertise: undefined }],
  ['UDP:10.0.0.4:5080', { text: '', transport: 'udp', ip: '10.0.0.4', port: 5080, advertise: undefined }],
  ['tls:127.0.0.1:0', { text: '', transport: 'tls', ip: '127.0.0.1', port: 0, advertise: undefined }],
  [
    'tls:1.2.3.4:5061 AS sip.example.com',
    { text: '', transport: 'tls', ip: '1.2.3.4', port: 5061, advertise: { host: 'sip.example.com', port: 5061 } },
  ],
  [
    'tls:1.2.3.4  as  sip.example.com:443',
    { text: '', transport: 'tls', ip: '1.2.3.4', port: 5061, advertise: { host: 'sip.example.com', port: 443 } },
  ],
  [
    'tcp:[::] AS [2001:db8::5]:5080',
    { text: '', transport: 'tcp', ip: '::', port: 5060, advertise: { host: '2001:db8::5', port: 5080 } },
  ],
]

for (const [text, expected] of spellings) {
  test(`${text} is a socket`, () => {
    assert.deepEqual(parseSocket(text, 5061), { ...expected, text })
  })
}

const refused: [string, RegExp][] = [
  ['', /is not a socket: expected tls:IP/],
  ['1.2.3.4:5061', /is not a socket/],
  ['sctp:1.2.3.4', /is not a socket/],
  ['tls:', /is not a socket/],
  ['tls:1.2.3.4 AS', /is not a socket/],
  ['tls:1.2.3.4 use_workers 4', /is not a socket/],
  ['tls:1.2.3.4:', /"" is not a port: expected 0 to 65535/],
  ['tls:1.2.3.4:65536', /"65536" is not a port/],
  ['tls:1.2.3.4:5061x', /"5061x" is not a port/],
  ['tls:1.2.3.4:-1', /"-1" is not a port/],
  ['tls::5061', /has no host/],
  ['tls:::1', /an IPv6 address stands in brackets: \[::1\]/],
  ['tls:[1.2.3.4]', /"1\.2\.3\.4" is not an IPv6 address/],
  ['tls:[::1', /is not \[IPv6\] or \[IPv6\]:PORT/],
  ['tls:[::1]5061', /is not \[IPv6\] or \[IPv6\]:PORT/],
  ['tls:[fe80::1%eth0]', /is not an IPv6 address/],
  ['tls:10.0.0.256', /is not a host name or an address/],
  ['tls:sip.example.com', /"sip\.example\.com" is not an IP address; names are not resolved here/],
  ['tls:1.2.3.4 AS bad_name!', /is not a host name or an address/],
  ['tls:1.2.3.4 AS sip.example.com:0', /"0" is not a port: expected 1 to 65535/],
]

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is not a socket`, () => {
    assert.throws(
      () => parseSocket(text, 5061),
      (error) => error instanceof UsageError && message.test(error.message),
    )
  })
}
