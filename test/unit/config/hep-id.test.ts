import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { hepDestination, parseHepId } from '../../../src/config/hep-id.js'

const spellings: [string, ReturnType<typeof parseHepId>][] = [
  ['[hep_dest]10.0.0.2', { id: 'hep_dest', host: '10.0.0.2', port: 9060 }],
  ['[hep_dest]10.0.0.2;transport=tcp;version=3', { id: 'hep_dest', host: '10.0.0.2', port: 9060, transport: 'tcp' }],
  ['[hep_dest]10.0.0.2:9061;transport=UDP', { id: 'hep_dest', host: '10.0.0.2', port: 9061, transport: 'udp' }],
  ['[a]homer.example.com; Transport=tls ;', { id: 'a', host: 'homer.example.com', port: 9060, transport: 'tls' }],
  ['[a-1.b][2001:DB8::9]:9061', { id: 'a-1.b', host: '2001:db8::9', port: 9061 }],
  [
    '[a]h;form=opensips;types=1,100;secrets=1;tls_protocol_id=6;auth_key=k=ey;ca_list=ca.pem;certificate=c.pem;private_key=k.pem;verify_cert=0;server_name=n',
    {
      id: 'a',
      host: 'h',
      port: 9060,
      form: 'opensips',
      types: [1, 100],
      secrets: true,
      tls_protocol_id: 6,
      auth_key: 'k=ey',
      ca_list: 'ca.pem',
      certificate: 'c.pem',
      private_key: 'k.pem',
      verify_cert: false,
      server_name: 'n',
    },
  ],
  [
    '[a]h;form=log;types=89;secrets=false;tls_protocol_id=22;verify_cert=true',
    {
      id: 'a',
      host: 'h',
      port: 9060,
      form: 'log',
      types: [89],
      secrets: false,
      tls_protocol_id: 22,
      verify_cert: true,
    },
  ],
]

for (const [text, expected] of spellings) {
  test(`${text} is a HEP id`, () => {
    assert.deepEqual(parseHepId(text), expected)
  })
}

const refused: [string, RegExp][] = [
  ['', /is not a HEP id: expected \[NAME\]HOST/],
  ['10.0.0.2', /is not a HEP id/],
  ['[a]', /is not a HEP id/],
  ['[]10.0.0.2', /"" is not a name/],
  ['[a b]10.0.0.2', /"a b" is not a name: expected letters, digits and _ \. -/],
  ['[a]10.0.0.2:0', /"0" is not a port: expected 1 to 65535/],
  ['[a]10.0.0.999', /is not a host name or an address/],
  ['[a]::1', /an IPv6 address stands in brackets/],
  ['[a]h;version=1', /^version must be 3, the only HEP version spoken here, found "1"$/],
  ['[a]h;version=2', /^version must be 3/],
  ['[a]h;transport=sctp', /^transport must be tcp, udp or tls, found "sctp"$/],
  ['[a]h;transport', /^transport must be tcp, udp or tls, found ""$/],
  ['[a]h;transport=tcp;transport=udp', /^transport is given twice$/],
  ['[a]h;form=json', /^form must be log or opensips/],
  ['[a]h;types=', /^types must be HEP payload types/],
  ['[a]h;types=1,256', /^types must be HEP payload types/],
  ['[a]h;secrets=yes', /^secrets must be 0 or 1/],
  ['[a]h;tls_protocol_id=17', /^tls_protocol_id must be 22 or 6, found "17"$/],
  ['[a]h;auth_key=', /^auth_key must be a key$/],
  ['[a]h;trasnport=tcp', /^unknown parameter "trasnport": did you mean transport\?$/],
  ['[a]h;zebra=1', /^unknown parameter "zebra": expected transport, version, .* or server_name$/],
  ['[a]h;constructor=1', /^unknown parameter "constructor"/],
  ['[a]h;version=2;form=x', /^version must be 3.*; form must be log or opensips/],
  ['[a]h;auth_key=a;b', /^unknown parameter after auth_key: a key with ; in it needs the mapping form$/],
]

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is not a HEP id`, () => {
    assert.throws(
      () => parseHepId(text),
      (error) => error instanceof UsageError && message.test(error.message),
    )
  })
}

test('certificate and private_key of a destination go together', () => {
  assert.throws(() => hepDestination(parseHepId('[a]h;transport=tls;certificate=c.pem')), /go together/)
  assert.throws(() => hepDestination(parseHepId('[a]h;transport=tls;private_key=c.pem')), /go together/)
})

test('what only TLS can use is refused elsewhere, all of it in one sentence', () => {
  assert.throws(
    () => hepDestination(parseHepId('[a]h;transport=udp;verify_cert=0;server_name=n')),
    /^UsageError: verify_cert, server_name: only with transport=tls, found transport=udp$/,
  )
})
