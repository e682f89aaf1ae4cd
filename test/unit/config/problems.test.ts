import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigSource } from '../../../src/config/surroundings.js'
import { digest, problemOf, problemsOf } from './parsing.js'

interface Case {
  /** the behaviour, as the test's name */
  readonly name: string
  /** follows `socket: tls:127.0.0.1` on line 2 */
  readonly text: string
  readonly path: string
  readonly line: number
  readonly message: string | RegExp
  readonly source?: ConfigSource
}

const shapes: Case[] = [
  {
    name: 'a number out of range names its range',
    text: 'proto_tls:\n  tls_port: 70000',
    path: 'proto_tls.tls_port',
    line: 3,
    message: 'expected a whole number from 1 to 65535, found 70000',
  },
  {
    name: 'a time names its unit',
    text: 'proto_tls:\n  tls_send_timeout: 1.5',
    path: 'proto_tls.tls_send_timeout',
    line: 3,
    message: 'expected a whole number of milliseconds from 1 to 2147483647, found 1.5',
  },
  {
    name: 'a number in quotes is text',
    text: 'proto_tls: { tls_port: "5061" }',
    path: 'proto_tls.tls_port',
    line: 2,
    message: 'expected a whole number from 1 to 65535, found "5061"',
  },
  {
    name: 'a share is at most 1',
    text: 'telemetry:\n  sip_spans: 5',
    path: 'telemetry.sip_spans',
    line: 3,
    message: 'expected a number from 0 to 1, found 5',
  },
  {
    name: 'a component of the log is one there is',
    text: 'log:\n  levels:\n    tsl: debug',
    path: 'log.levels.tsl',
    line: 4,
    message: /tls/,
  },
  {
    name: 'a switch is not yes or no',
    text: 'proto_tls:\n  trace_on: yes',
    path: 'proto_tls.trace_on',
    line: 3,
    message: 'expected 0, 1, false or true, found "yes"',
  },
  {
    name: 'a value that is not there is nothing',
    text: 'proto_tls:\n  trace_on:',
    path: 'proto_tls.trace_on',
    line: 3,
    message: 'expected 0, 1, false or true, found nothing',
  },
  {
    name: 'a choice names its values',
    text: 'log: { level: loud }',
    path: 'log.level',
    line: 2,
    message: 'expected debug, info, warn or error, found "loud"',
  },
  {
    name: 'a text is not a number',
    text: 'state_dir: 12',
    path: 'state_dir',
    line: 2,
    message: 'expected a path, found the number 12',
  },
  {
    name: 'a text is not empty',
    text: 'state_dir: ""',
    path: 'state_dir',
    line: 2,
    message: 'expected a path, found an empty text',
  },
  {
    name: 'a text is not a list',
    text: 'state_dir: [a, b]',
    path: 'state_dir',
    line: 2,
    message: 'expected a path, found a list',
  },
  {
    name: 'a section is not a text',
    text: 'limits: none',
    path: 'limits',
    line: 2,
    message: 'expected a mapping (key: value), found text',
  },
  {
    name: 'routes have names a route script can call',
    text: 'routes:\n  tls-filter: drop;',
    path: 'routes.tls-filter',
    line: 3,
    message: 'is not a name: expected letters, digits and _, not beginning with a digit',
  },
  {
    name: 'a route is a text',
    text: 'routes:\n  f: 1',
    path: 'routes.f',
    line: 3,
    message: 'expected the text of a route, found the number 1',
  },
  {
    name: 'a domain without a name is found by its index',
    text: 'tls_mgm:\n  client_domain:\n    - { name: a }\n    - { verify_cert: 0 }',
    path: 'tls_mgm.client_domain[1].name',
    line: 5,
    message: 'is missing',
  },
  {
    name: 'a list written as a single value has no index',
    text: 'collector:\n  listen: tls:127.0.0.1',
    path: 'collector.listen',
    line: 3,
    message: '"tls:127.0.0.1" is not a collector socket: expected udp:IP[:PORT] or tcp:IP[:PORT]',
  },
]

const keys: Case[] = [
  {
    name: 'an unknown key brings the nearest valid one',
    text: 'proto_tls:\n  tls_crlf_pingpog: 1',
    path: 'proto_tls.tls_crlf_pingpog',
    line: 3,
    message: 'is not a setting; did you mean tls_crlf_pingpong?',
  },
  {
    name: 'a key with dashes is near the one with underscores',
    text: 'proto-tls: {}',
    path: 'proto-tls',
    line: 2,
    message: 'is not a setting; did you mean proto_tls?',
  },
  {
    name: 'a key of another section is sent there',
    text: 'tls_port: 5061',
    path: 'tls_port',
    line: 2,
    message: 'is not a setting; it belongs under proto_tls',
  },
  {
    name: 'a key of several sections is sent to all of them',
    text: 'listen: 127.0.0.1',
    path: 'listen',
    line: 2,
    message: 'is not a setting; it belongs under collector or under api',
  },
  {
    name: 'a key of the top is sent there',
    text: 'relay:\n  workers: 1',
    path: 'relay.workers',
    line: 3,
    message: 'is not a setting; it belongs at the top of the file',
  },
  {
    name: 'a misspelled key of another section is recognised',
    text: 'relay:\n  trace_destinations: a',
    path: 'relay.trace_destinations',
    line: 3,
    message: 'is not a setting; did you mean trace_destination? It belongs under proto_tls',
  },
  {
    name: 'a parameter of OpenSIPS with another form here is explained',
    text: 'proto_hep: { homer5_on: 0 }',
    path: 'proto_hep.homer5_on',
    line: 2,
    message: 'is not a setting: payloads are always JSON; see form under proto_hep.hep_id',
  },
  {
    name: 'a key like nothing else brings the list of valid ones',
    text: 'api: { zebra: 1 }',
    path: 'api.zebra',
    line: 2,
    message: 'is not a setting; api may have listen, token, tokens, certificate, private_key, rate_limit',
  },
  {
    name: 'a key that is there twice names the first line',
    text: 'log:\n  level: info\n  level: warn',
    path: 'log.level',
    line: 4,
    message: 'is there twice, first on line 3',
  },
  {
    name: 'a key is a plain word',
    text: '? [a]\n: 1',
    path: '',
    line: 2,
    message: 'a key must be a plain word',
  },
]

const meanings: Case[] = [
  {
    name: 'several workers are for later',
    text: 'workers: 4',
    path: 'workers',
    line: 2,
    message: 'expected 1, found 4 (several workers come in a later version)',
  },
  {
    name: 'PROXY protocol towards upstreams needs tunnels',
    text: 'relay:\n  proxy_protocol: v2',
    path: 'relay.proxy_protocol',
    line: 3,
    message: 'needs tunnel mode: in edge mode many clients share one connection, and tls:127.0.0.1 is in edge mode',
  },
  {
    name: 'an upstream over UDP needs a socket to send from',
    text: 'relay:\n  upstream:\n    - sip:10.0.0.4\n    - { uri: "sip:10.0.0.5;transport=udp" }',
    path: 'relay.upstream[1]',
    line: 5,
    message: 'udp needs a socket to send from: add one such as udp:10.0.0.4:5060',
  },
  {
    name: 'an upstream over UDP needs edge mode',
    text: 'relay: { mode: tunnel, upstream: "udp:10.0.0.5:5060" }',
    path: 'relay.upstream',
    line: 2,
    message: 'udp needs edge mode, and tls:127.0.0.1 is in tunnel mode',
  },
  {
    name: 'an upstream is found by what is wrong in its mapping',
    text: 'relay:\n  upstream:\n    - { uri: "http://h", weight: 2 }',
    path: 'relay.upstream[0].uri',
    line: 4,
    message: /^"http:\/\/h" is not an upstream/,
  },
  {
    name: 'a trunk needs edge mode',
    text: 'relay:\n  mode: tunnel\n  trunk: sips:carrier.example',
    path: 'relay.trunk',
    line: 4,
    message: 'needs edge mode, and no socket is in it: set relay.mode: edge',
  },
  {
    name: 'a trunk says its transport',
    text: 'relay: { trunk: "sip:carrier.example" }',
    path: 'relay.trunk',
    line: 2,
    message: 'sip:carrier.example names no transport: write sips:, or add ;transport=tcp',
  },
  {
    name: 'a key of flow tokens is long enough',
    text: 'relay: { flow_secret: env:KEY }',
    path: 'relay.flow_secret',
    line: 2,
    message: 'a key of at least 16 characters is needed, found 15',
    source: { env: { KEY: '123456789012345' } },
  },
  {
    name: 'a name server is an address',
    text: 'relay: { dns_server: ns.example.com }',
    path: 'relay.dns_server',
    line: 2,
    message: '"ns.example.com" is not an IP address; names are not resolved here',
  },
  {
    name: 'a trusted domain is a name, for certificates have nothing else',
    text: 'trust:\n  domains: [carrier.example, "*.partner.example"]',
    path: 'trust.domains[1]',
    line: 3,
    message: '"*.partner.example" is not a domain such as carrier.example; wildcards are not taken',
  },
  {
    name: 'the header of trust is none that SIP knows',
    text: 'trust: { header: record-route }',
    path: 'trust.header',
    line: 2,
    message: 'record-route has a meaning in SIP: choose a name of your own, such as X-Trusted',
  },
  {
    name: 'the header of trust is a header',
    text: 'trust: { header: "X Trusted" }',
    path: 'trust.header',
    line: 2,
    message: '"X Trusted" is not the name of a SIP header, such as X-Trusted',
  },
  {
    name: 'a ring needs to know the phones',
    text: 'trust:\n  alert_info:\n    ring: Bellcore-dr1',
    path: 'trust.alert_info.phone',
    line: 4,
    message: 'is missing: phone and ring go together',
  },
  {
    name: 'phones need a ring',
    text: 'trust:\n  alert_info:\n    phone: snom',
    path: 'trust.alert_info.ring',
    line: 4,
    message: 'is missing: phone and ring go together',
  },
  {
    name: 'a ring is one its phone knows',
    text: 'trust: { alert_info: { phone: cisco_ata, ring: Bellcore-dr5 } }',
    path: 'trust.alert_info.ring',
    line: 2,
    message:
      '"Bellcore-dr5" is no ring of cisco_ata: expected Bellcore-dr1, Bellcore-dr2, Bellcore-dr3 or Bellcore-dr4',
  },
  {
    name: 'trace_destination names a hep_id',
    text: 'proto_tls:\n  trace_destination: hepdest\nproto_hep: { hep_id: "[hep_dest]10.0.0.2" }',
    path: 'proto_tls.trace_destination',
    line: 3,
    message: 'no hep_id has the name hepdest; did you mean hep_dest?',
  },
  {
    name: 'trace_destination without any hep_id says so',
    text: 'proto_tls:\n  trace_destination: [a]',
    path: 'proto_tls.trace_destination[0]',
    line: 3,
    message: 'no hep_id has the name a; there is none at all',
  },
  {
    name: 'trace_destination that is no text says only that',
    text: 'proto_tls:\n  trace_destination: [a, {}]\nproto_hep: { hep_id: "[a]10.0.0.2" }',
    path: 'proto_tls.trace_destination[1]',
    line: 3,
    message: 'expected the name of a hep_id, found a mapping',
  },
  {
    name: 'trace_destination names each only once',
    text: 'proto_tls: { trace_destination: [a, a] }\nproto_hep: { hep_id: "[a]10.0.0.2" }',
    path: 'proto_tls.trace_destination[1]',
    line: 2,
    message: 'a is there twice',
  },
  {
    name: 'trace_filter_route names a route',
    text: 'proto_tls: { trace_filter_route: filter }\nroutes: { alpha: drop;, beta: drop; }',
    path: 'proto_tls.trace_filter_route',
    line: 2,
    message: 'no route under routes has the name filter; there is alpha, beta',
  },
  {
    name: 'trace_filter_route is not a property every object has',
    text: 'proto_tls: { trace_filter_route: constructor }',
    path: 'proto_tls.trace_filter_route',
    line: 2,
    message: 'no route under routes has the name constructor; there is none at all',
  },
  {
    name: 'a filter module exists',
    text: 'proto_tls: { trace_filter_route: filters/mine.mjs }',
    path: 'proto_tls.trace_filter_route',
    line: 2,
    message: 'there is no file /etc/hepgate/filters/mine.mjs',
  },
  {
    name: 'a HEP destination is there once',
    text: 'proto_hep:\n  hep_id:\n    - "[a]10.0.0.2"\n    - "[a]10.0.0.2:9060;transport=tcp"',
    path: 'proto_hep.hep_id[1]',
    line: 5,
    message: 'a with this address and transport is there twice',
  },
  {
    name: 'a HEP key stands in the text or beside it',
    text: 'proto_hep:\n  hep_id:\n    hep_id: "[a]10.0.0.2;transport=tcp"\n    transport: udp',
    path: 'proto_hep.hep_id.transport',
    line: 5,
    message: 'is also given in the text of hep_id',
  },
  {
    name: 'TLS keys of a HEP destination need TLS',
    text: 'proto_hep: { hep_id: "[a]10.0.0.2;ca_list=ca.pem" }',
    path: 'proto_hep.hep_id',
    line: 2,
    message: 'ca_list: only with transport=tls, found transport=tcp',
  },
  {
    name: 'hep_node_name has only characters a collector survives',
    text: 'proto_hep: { hep_node_name: "a\'b" }',
    path: 'proto_hep.hep_node_name',
    line: 2,
    message: 'expected only letters, digits and . _ : -, found "a\'b"',
  },
  {
    name: 'each certificate has its key',
    text: 'tls_mgm:\n  client_domain:\n    - name: a\n      certificate: [a.pem, b.pem]\n      private_key: a.key',
    path: 'tls_mgm.client_domain[0].private_key',
    line: 6,
    message: 'each certificate needs its key: found 2 certificate and 1 private_key',
  },
  {
    name: 'two domains have two names',
    text: 'tls_mgm:\n  client_domain:\n    - name: a\n    - name: a',
    path: 'tls_mgm.client_domain[1].name',
    line: 5,
    message: 'another domain has the name a',
  },
  {
    name: 'a tls socket is served by a domain',
    text: 'tls_mgm: { server_domain: { name: a, certificate: c, private_key: k, match_ip_address: "127.0.0.1:5062" } }',
    path: 'socket',
    line: 1,
    message: 'no tls_mgm.server_domain matches this socket',
  },
  {
    name: 'an API others can reach has a token',
    text: 'api:\n  listen: 0.0.0.0:8080',
    path: 'api.listen',
    line: 3,
    message: 'others than this machine can reach it: set api.token or api.tokens, or listen on 127.0.0.1',
  },
  {
    name: 'a token is told by its digest',
    text: 'api:\n  tokens:\n    - { name: a, sha256: deadbeef }',
    path: 'api.tokens[0].sha256',
    line: 4,
    message: 'expected the SHA-256 of the token in 64 hex digits: hepgate token --hash tells it',
  },
  {
    name: 'a token has a name that fits into a line of the log',
    text: `api:\n  tokens:\n    - { name: "on call", sha256: ${digest} }`,
    path: 'api.tokens[0].name',
    line: 4,
    message: '"on call" is not a name: expected 1 to 64 letters, digits and . _ @ -',
  },
  {
    name: 'a token is good for something',
    text: `api:\n  tokens:\n    - { name: a, scopes: [], sha256: ${digest} }`,
    path: 'api.tokens[0].scopes',
    line: 4,
    message: 'a token without a scope is good for nothing',
  },
  {
    name: 'a scope is one there is',
    text: `api:\n  tokens:\n    - { name: a, scopes: [read, admin], sha256: ${digest} }`,
    path: 'api.tokens[0].scopes[1]',
    line: 4,
    message: 'expected metrics, read, control or secrets, found "admin"',
  },
  {
    name: 'two tokens do not share a name',
    text: `api:\n  tokens:\n    - { name: a, sha256: ${digest} }\n    - { name: a, sha256: ${digest.replace('0', '1')} }`,
    path: 'api.tokens[1].name',
    line: 5,
    message: 'another token has the name a',
  },
  {
    name: 'two persons do not share a token',
    text: `api:\n  tokens:\n    - { name: a, sha256: ${digest} }\n    - { name: b, sha256: ${digest.toUpperCase()} }`,
    path: 'api.tokens[1].sha256',
    line: 5,
    message: 'this is the token of a',
  },
  {
    name: 'the name of the plain token is taken',
    text: `api:\n  tokens:\n    - { name: api.token, sha256: ${digest} }`,
    path: 'api.tokens[0].name',
    line: 4,
    message: 'api.token is the name of the token in api.token',
  },
  {
    name: 'a certificate of the API needs its key',
    text: 'api:\n  certificate: api.pem',
    path: 'api.private_key',
    line: 3,
    message: 'is missing: certificate and private_key go together',
  },
  {
    name: 'a key of the API needs its certificate',
    text: 'api:\n  private_key: api.key',
    path: 'api.certificate',
    line: 3,
    message: 'is missing: certificate and private_key go together',
  },
  {
    name: 'a missing environment variable is named',
    text: 'api:\n  token: env:NO_SUCH',
    path: 'api.token',
    line: 3,
    message: 'environment variable NO_SUCH is not set',
  },
  {
    name: 'an empty environment variable is no secret',
    text: 'api: { listen: "0.0.0.0:80", token: env:EMPTY }',
    path: 'api.token',
    line: 2,
    message: 'environment variable EMPTY is not set',
    source: { env: { EMPTY: '' } },
  },
  {
    name: 'a missing secret file is named',
    text: 'api: { token: file:token.txt }',
    path: 'api.token',
    line: 2,
    message: 'cannot read /etc/hepgate/token.txt (ENOENT)',
  },
  {
    name: 'an empty secret file is no secret',
    text: 'api: { token: file:token.txt }',
    path: 'api.token',
    line: 2,
    message: '/etc/hepgate/token.txt is empty',
    source: { readFile: () => '\n' },
  },
  {
    name: 'the collector and a socket cannot share a port',
    text: 'collector:\n  listen:\n    - udp:127.0.0.1:5061\n    - tcp:0.0.0.0:5061',
    path: 'collector.listen[1]',
    line: 5,
    message: 'TCP port 5061 is already taken by socket',
  },
  {
    name: 'the API and a socket cannot share a port',
    text: 'api: { listen: "127.0.0.1:5061" }',
    path: 'api.listen',
    line: 2,
    message: 'TCP port 5061 is already taken by socket',
  },
]

const yaml: Case[] = [
  {
    name: 'a HEP id without quotes brings the hint to quote it',
    text: 'proto_hep:\n  hep_id:\n    - [hep_dest]10.0.0.2',
    path: '',
    line: 4,
    message: 'not YAML: Unexpected scalar at node end (a text that begins with [ needs quotes: "[hep_dest]10.0.0.2")',
  },
  {
    name: 'a star without quotes brings the hint to quote it',
    text: 'tls_mgm:\n  client_domain:\n    - name: a\n      match_ip_address: *',
    path: '',
    line: 5,
    message: 'not YAML: Alias cannot be an empty string (* alone needs quotes: "*")',
  },
  {
    name: 'a tab is no indentation',
    text: 'log:\n\tlevel: info',
    path: '',
    line: 3,
    message: /^not YAML: Tabs are not allowed/,
  },
  {
    name: 'a text that does not end is reported',
    text: 'state_dir: "x',
    path: '',
    line: 2,
    message: /^not YAML: Missing closing "quote/,
  },
  {
    name: 'a second document is refused',
    text: '---\nlog: {}',
    path: '',
    line: 2,
    message: /^not YAML: .*document/,
  },
  {
    name: 'an unknown tag is refused',
    text: 'state_dir: !path x',
    path: '',
    line: 2,
    message: 'not YAML: Unresolved tag',
  },
  {
    name: 'an alias of nothing is reported',
    text: 'state_dir: *dir',
    path: 'state_dir',
    line: 2,
    message: 'there is no &dir before this *dir',
  },
]

for (const { name, text, path, line, message, source } of [...shapes, ...keys, ...meanings, ...yaml]) {
  test(name, () => {
    const problem = problemOf(text, source)
    assert.equal(problem.path, path)
    assert.equal(problem.line, line)
    if (typeof message === 'string') assert.equal(problem.message, message)
    else assert.match(problem.message, message)
  })
}

test('the column is that of the value, or of the key that should not be there', () => {
  assert.equal(problemOf('log: { level: loud }').column, 15)
  assert.equal(problemOf('log: { lvl: info }').column, 8)
})

test('a file without a socket, an empty file and an empty list of sockets are refused', () => {
  const missing = { path: 'socket', line: 1, column: 1, message: 'is missing' }
  assert.deepEqual(problemsOf(''), [missing])
  assert.deepEqual(problemsOf('log: {}'), [missing])
  assert.deepEqual(
    problemsOf('socket: []').map((p) => p.message),
    ['at least one socket is needed, such as tls:0.0.0.0:5061'],
  )
  assert.deepEqual(
    problemsOf('socket:').map((p) => p.message),
    ['at least one socket is needed, such as tls:0.0.0.0:5061'],
  )
})

test('a file that is no mapping is refused', () => {
  assert.deepEqual(problemsOf('- a\n- b'), [
    { path: '', line: 1, column: 1, message: 'expected a mapping (key: value), found a list' },
  ])
})

test('sockets that collide are reported, sockets on any free port never do', () => {
  const paths = problemsOf(
    'socket: [tls:10.0.0.1:5061, tcp:0.0.0.0:5061, tls:10.0.0.1:5061, "tls:[::1]:5061", tls:10.0.0.2, tls:10.0.0.1:0, tls:10.0.0.1:0, "tls:[::]"]',
  ).map((p) => p.path)
  assert.deepEqual(paths, ['socket[1]', 'socket[2]', 'socket[4]', 'socket[7]'])
})

test('udp sockets are for the core side, in edge mode, without PROXY protocol', () => {
  const problems = (rest: string) => problemsOf(`socket: [tls:127.0.0.1, ${rest}`).map((p) => `${p.path}: ${p.message}`)
  assert.deepEqual(problems('{ socket: "udp:127.0.0.1", side: edge }]'), [
    'socket[1].side: udp is for the core side only: phones and trunks use tls or tcp',
  ])
  assert.deepEqual(problems('udp:127.0.0.1]\nrelay: { mode: tunnel }'), [
    'socket[1]: udp needs edge mode: set relay.mode: edge, or relay: edge here',
  ])
  assert.deepEqual(problems('{ socket: "udp:127.0.0.1", proxy_protocol: 10.0.0.0/8 }]'), [
    'socket[1].proxy_protocol: udp carries no PROXY protocol header',
  ])
})

test('every problem is reported at once, in the order of the lines', () => {
  const text = `socket:
  - tls:0.0.0.0:5061x
  - { socket: "tls:1.2.3.4", advertize: foo, relay: proxy, proxy_protocol: 10.0.0.0/33 }
  - { socket: "sctp:1.2.3.4", advertise: "a:b" }
tls_port: 5061
proto_tls:
  trace_on: yes
  trace_on: 0
  trace_filter_route: tls_fliter
proto_hep:
  hep_id:
    - "[a]10.0.0.2;transport=sctp;version=2;authkey=x"
    - { hep_id: "nothing", auth_key: env:NOPE }
    - { form: log }
tls_mgm:
  server_domain:
    - { name: a, certificate: [a.pem, b.pem], private_key: a.key, tls_method: TLSv9, private_key_password: 12345, match_ip_address: *}
    - { name: a, match_ip_address: 10.0.0.0/8, match_sip_domain: "a b" }
routes:
  tls_filter: drop;
relay:
  upstream: [ "sip:user:pw@h", "http://x" ]
workers: 4
`
  assert.deepEqual(
    problemsOf(text).map((p) => `${p.line} ${p.path}`),
    [
      '2 socket[0]',
      '3 socket[1].advertize',
      '3 socket[1].relay',
      '3 socket[1].proxy_protocol',
      '4 socket[2].socket',
      '4 socket[2].advertise',
      '5 tls_port',
      '7 proto_tls.trace_on',
      '8 proto_tls.trace_on',
      '9 proto_tls.trace_filter_route',
      '12 proto_hep.hep_id[0]',
      '13 proto_hep.hep_id[1].hep_id',
      '13 proto_hep.hep_id[1].auth_key',
      '14 proto_hep.hep_id[2].hep_id',
      '17 tls_mgm.server_domain[0].private_key',
      '17 tls_mgm.server_domain[0].tls_method',
      '17 tls_mgm.server_domain[0].private_key_password',
      '17 ',
      '18 tls_mgm.server_domain[1].certificate',
      '18 tls_mgm.server_domain[1].private_key',
      '18 tls_mgm.server_domain[1].match_ip_address',
      '18 tls_mgm.server_domain[1].match_sip_domain',
      '22 relay.upstream[0]',
      '22 relay.upstream[1]',
      '23 workers',
    ],
  )
})

test('secrets appear in no message, whatever is wrong with them', () => {
  const secret = 'hunter2'
  const texts = [
    `api: { token: [${secret}] }`,
    `api: { token: [[${secret}]] }`,
    `api: ${secret}`,
    `api:\n  token: "${secret}" "${secret}"`,
    `api:\n  token: |${secret}\n`,
    `api:\n  token: "${secret}\n`,
    `api:\n  token: @${secret}\n`,
    `api:\n  token: !${secret} x\n`,
    `api: { tokens: ${secret} }`,
    `api: { tokens: [${secret}] }`,
    `api: { tokens: { name: a, sha256: ${secret} } }`,
    `api: { tokens: { name: a, sha256: [${secret}] } }`,
    `proto_hep: { hep_id: "[a]10.0.0.2;auth_key=${secret};transport=none" }`,
    `proto_hep: { hep_id: "[a]10.0.0.2;auth_key=a;${secret}" }`,
    `proto_hep: { hep_id: "[a]10.0.0.2;authkey=${secret}" }`,
    `proto_hep: { hep_id: "a;auth_key=${secret}" }`,
    `proto_hep: { hep_id: { hep_id: "[a]", auth_key: ${secret} } }`,
    `relay: { upstream: "sip:user:${secret}@10.0.0.5" }`,
    `relay: { trunk: { uri: "sips:user:${secret}@carrier.example" } }`,
    `relay: { flow_secret: ${secret} }`,
    `relay: { flow_secret: [${secret}] }`,
  ]
  for (const text of texts) {
    const problems = problemsOf(`socket: tls:127.0.0.1\n${text}`)
    assert.ok(!JSON.stringify(problems).includes(secret), JSON.stringify(problems))
  }
})

test('a number as a secret is not shown', () => {
  assert.equal(
    problemOf('api: { token: 271828 }').message,
    'expected text, env:NAME or file:PATH, found a number (put it in quotes)',
  )
})
