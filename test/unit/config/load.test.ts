import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LogLevel, logComponents } from '../../../src/base/log.js'
import { ConfigError, defaultConfig, loadConfig, parseConfig } from '../../../src/config/load.js'
import type { Config } from '../../../src/config/types.js'
import { repoRoot } from '../../support/paths.js'
import { digest, machine, parse } from './parsing.js'

test('every parameter of proto_tls has the default OpenSIPS gives it', () => {
  assert.deepEqual(parse('').proto_tls, {
    tls_port: 5061,
    tls_crlf_pingpong: true,
    tls_crlf_drop: false,
    tls_max_msg_chunks: 4,
    cert_check_on_conn_reusage: false,
    trace_destination: [],
    trace_on: false,
    trace_filter_route: undefined,
    tls_handshake_timeout: 100,
    tls_send_timeout: 100,
    tls_async: true,
    tls_async_max_postponed_chunks: 32,
    tls_async_local_connect_timeout: 100,
    tls_async_handshake_timeout: 10,
  })
})

function levels(level: LogLevel): Config['log']['levels'] {
  return Object.fromEntries(logComponents.map((component) => [component, level])) as Config['log']['levels']
}

test('everything else has its default', () => {
  const { socket, proto_tls, ...rest } = parse('')
  assert.deepEqual(rest, {
    file: '/etc/hepgate/hepgate.yaml',
    state_dir: '/home/op/.local/state/hepgate',
    log: { format: 'json', levels: levels('info') },
    proto_hep: {
      hep_id: [],
      hep_capture_id: 1,
      hep_node_name: 'edge-1.example',
      hep_queue_bytes: 8 * 1024 * 1024,
      hep_queue_packets: 50_000,
      hep_connect_timeout: 5000,
      hep_flush_timeout: 2000,
    },
    tls_mgm: { unmatched_sni: 'refuse', server_domain: [], client_domain: [] },
    routes: {},
    relay: {
      mode: 'edge',
      upstream: [],
      trunk: [],
      proxy_protocol: 'off',
      connect_timeout: 5000,
      options_interval: 30,
      options_timeout: 4000,
      options_threshold: 3,
      pong_timeout: 10_000,
      flow_secret: undefined,
      flow_timer: 0,
      flow_token: 'auto',
      dns_server: [],
    },
    trust: { domains: [], header: 'X-Hepgate-Trusted', alert_info: undefined },
    trace: { keylog_file: undefined, core_leg: false, probes: true, core_events: true },
    limits: {
      max_connections: 10_000,
      max_connections_per_address: 1024,
      max_handshakes: 512,
      max_message_bytes: 65_535,
      message_timeout: 4000,
      tcp_connection_lifetime: 3600,
      tcp_keepalive: true,
      tcp_keepidle: 60,
      drain_timeout: 10_000,
    },
    collector: { listen: [], max_packets: 10_000 },
    telemetry: { metrics: true, sip_spans: 0.01 },
    live: { message_bytes: 32 * 1024 * 1024, closed_connections: 1000, viewers: 32 },
    api: {
      listen: { ip: '127.0.0.1', port: 8080 },
      token: undefined,
      tokens: [],
      certificate: undefined,
      private_key: undefined,
      rate_limit: 1200,
    },
  })
})

const domainDefaults = {
  match_ip_address: ['*'],
  match_sip_domain: ['*'],
  private_key_password: undefined,
  ca_list: undefined,
  ca_dir: undefined,
  crl: undefined,
  verify_cert: true,
  require_cert: true,
  min_version: 'TLSv1.2',
  max_version: 'TLSv1.3',
  ciphers_list: undefined,
  ciphersuites: undefined,
  dh_params: undefined,
  ec_curve: undefined,
}

test('a server domain needs a name, a certificate and its key; the rest has the defaults of tls_mgm', () => {
  const config = parse('tls_mgm: { server_domain: { name: a, certificate: a.pem, private_key: keys/a.pem } }')
  assert.deepEqual(config.tls_mgm.server_domain, [
    { name: 'a', certificate: ['/etc/hepgate/a.pem'], private_key: ['/etc/hepgate/keys/a.pem'], ...domainDefaults },
  ])
})

test('a client domain needs a name only', () => {
  assert.deepEqual(parse('tls_mgm: { client_domain: [{ name: a }] }').tls_mgm.client_domain, [
    {
      name: 'a',
      certificate: [],
      private_key: [],
      ...domainDefaults,
      server_name: undefined,
      verify_name: 'report',
      verify_name_wildcard: false,
      alias: false,
    },
  ])
})

test('a HEP destination goes over TCP, takes everything and verifies', () => {
  assert.deepEqual(parse('proto_hep: { hep_id: "[a]10.0.0.2" }').proto_hep.hep_id, [
    {
      id: 'a',
      host: '10.0.0.2',
      port: 9060,
      transport: 'tcp',
      form: 'log',
      types: [],
      secrets: undefined,
      tls_protocol_id: 22,
      auth_key: undefined,
      ca_list: undefined,
      certificate: undefined,
      private_key: undefined,
      verify_cert: true,
      server_name: undefined,
    },
  ])
})

test('everything that can be written arrives', () => {
  const config = parseConfig(
    `
socket:
  - tls:0.0.0.0:5061 AS sip.example.com
  - { socket: "tcp:[::1]:5070", advertise: "core.example.com:5080", side: edge, proxy_protocol: [10.0.0.0/8, ::1], relay: edge }
  - udp:10.0.0.4
state_dir: /var/lib/hepgate
workers: 1
log: { level: debug, format: pretty, levels: { tls: error } }
proto_tls: { tls_port: 5071, tls_crlf_pingpong: 0, tls_crlf_drop: true, tls_max_msg_chunks: 8, cert_check_on_conn_reusage: 1,
  trace_destination: [a, b], trace_on: true, trace_filter_route: f, tls_handshake_timeout: 5000, tls_send_timeout: 2000,
  tls_async: false, tls_async_max_postponed_chunks: 64, tls_async_local_connect_timeout: 0, tls_async_handshake_timeout: 0 }
proto_hep:
  hep_id:
    - "[a]10.0.0.2;transport=udp;version=3"
    - { hep_id: "[b]homer.example.com:9061", transport: tls, form: opensips, types: 1, secrets: 0, tls_protocol_id: 6, auth_key: k,
        ca_list: ca.pem, certificate: c.pem, private_key: k.pem, verify_cert: false, server_name: homer }
  hep_capture_id: 2001
  hep_node_name: edge-1
  hep_queue_bytes: 1000000
  hep_queue_packets: 10
  hep_connect_timeout: 1
  hep_flush_timeout: 0
tls_mgm:
  unmatched_sni: default
  server_domain:
    - { name: s, match_ip_address: ["0.0.0.0:5061", 10.0.0.1], match_sip_domain: [SIP.example.com, "*.example.com", none], certificate: [r.pem, e.pem],
        private_key: [r.key, e.key], private_key_password: p, ca_list: ca.pem, ca_dir: cas, crl: crls, verify_cert: 0,
        require_cert: 0, tls_method: TLSv1-TLSv1_2, ciphers_list: HIGH, ciphersuites: TLS_AES_128_GCM_SHA256, dh_params: dh.pem, ec_curve: P-256 }
  client_domain:
    - { name: c, match_ip_address: 10.0.0.0/8, match_sip_domain: "*", server_name: trunk.example.com, verify_name: enforce,
        verify_name_wildcard: 1, alias: 1 }
routes: { f: "drop;" }
relay:
  mode: edge
  upstream: ["sip:10.0.0.5", { uri: "tls:pbx.example.com", priority: 2, weight: 0 }, "udp:10.0.0.6:5080"]
  trunk: [sips:carrier.example, { uri: "sip:192.0.2.7:5070;transport=tcp", keepalive: 0, options: 60 }]
  proxy_protocol: off
  connect_timeout: 1000
  options_interval: 0
  options_timeout: 1
  options_threshold: 2
  pong_timeout: 3
  flow_secret: 0123456789abcdef
  flow_timer: 120
  flow_token: ob
  dns_server: [10.0.0.53, "[2001:db8::53]:5353"]
trust: { domains: [Carrier.Example.], header: X-Trusted, alert_info: { phone: snom, ring: "http://192.0.2.1/a.wav" } }
trace: { keylog_file: keys.log, core_leg: 1, probes: 0, core_events: 0 }
limits: { max_connections: 1, max_connections_per_address: 0, max_handshakes: 2, max_message_bytes: 1000, message_timeout: 3,
  tcp_connection_lifetime: 0, tcp_keepalive: 0, tcp_keepidle: 5, drain_timeout: 0 }
collector: { listen: [udp:127.0.0.1, "tcp:[::1]:9061"], max_packets: 6 }
telemetry: { metrics: 0, sip_spans: 0.5 }
live: { message_bytes: 0, closed_connections: 7, viewers: 8 }
api: { listen: 0.0.0.0:80, token: t, certificate: api.pem, private_key: keys/api.pem, rate_limit: 0,
  tokens: { name: on-call@example.com, scopes: [secrets, read, read], sha256: ${digest.toUpperCase()} } }
`,
    machine,
  )
  const domain = {
    private_key_password: 'p',
    ca_list: '/etc/hepgate/ca.pem',
    ca_dir: '/etc/hepgate/cas',
    crl: '/etc/hepgate/crls',
    verify_cert: false,
    require_cert: false,
    min_version: 'TLSv1',
    max_version: 'TLSv1.2',
    ciphers_list: 'HIGH',
    ciphersuites: 'TLS_AES_128_GCM_SHA256',
    dh_params: '/etc/hepgate/dh.pem',
    ec_curve: 'P-256',
  }
  assert.deepEqual(config, {
    file: '/etc/hepgate/hepgate.yaml',
    state_dir: '/var/lib/hepgate',
    log: { format: 'pretty', levels: { ...levels('debug'), tls: 'error' } },
    socket: [
      {
        text: 'tls:0.0.0.0:5061 AS sip.example.com',
        transport: 'tls',
        ip: '0.0.0.0',
        port: 5061,
        advertise: { host: 'sip.example.com', port: 5061 },
        side: 'edge',
        relay: 'edge',
        proxy_protocol: [],
      },
      {
        text: 'tcp:[::1]:5070',
        transport: 'tcp',
        ip: '::1',
        port: 5070,
        advertise: { host: 'core.example.com', port: 5080 },
        side: 'edge',
        relay: 'edge',
        proxy_protocol: ['10.0.0.0/8', '::1/128'],
      },
      {
        text: 'udp:10.0.0.4',
        transport: 'udp',
        ip: '10.0.0.4',
        port: 5060,
        advertise: undefined,
        side: 'core',
        relay: 'edge',
        proxy_protocol: [],
      },
    ],
    proto_tls: {
      tls_port: 5071,
      tls_crlf_pingpong: false,
      tls_crlf_drop: true,
      tls_max_msg_chunks: 8,
      cert_check_on_conn_reusage: true,
      trace_destination: ['a', 'b'],
      trace_on: true,
      trace_filter_route: 'f',
      tls_handshake_timeout: 5000,
      tls_send_timeout: 2000,
      tls_async: false,
      tls_async_max_postponed_chunks: 64,
      tls_async_local_connect_timeout: 0,
      tls_async_handshake_timeout: 0,
    },
    proto_hep: {
      hep_id: [
        {
          id: 'a',
          host: '10.0.0.2',
          port: 9060,
          transport: 'udp',
          form: 'log',
          types: [],
          secrets: undefined,
          tls_protocol_id: 22,
          auth_key: undefined,
          ca_list: undefined,
          certificate: undefined,
          private_key: undefined,
          verify_cert: true,
          server_name: undefined,
        },
        {
          id: 'b',
          host: 'homer.example.com',
          port: 9061,
          transport: 'tls',
          form: 'opensips',
          types: [1],
          secrets: false,
          tls_protocol_id: 6,
          auth_key: 'k',
          ca_list: '/etc/hepgate/ca.pem',
          certificate: '/etc/hepgate/c.pem',
          private_key: '/etc/hepgate/k.pem',
          verify_cert: false,
          server_name: 'homer',
        },
      ],
      hep_capture_id: 2001,
      hep_node_name: 'edge-1',
      hep_queue_bytes: 1_000_000,
      hep_queue_packets: 10,
      hep_connect_timeout: 1,
      hep_flush_timeout: 0,
    },
    tls_mgm: {
      unmatched_sni: 'default',
      server_domain: [
        {
          name: 's',
          match_ip_address: ['0.0.0.0:5061', '10.0.0.1'],
          match_sip_domain: ['sip.example.com', '*.example.com', 'none'],
          certificate: ['/etc/hepgate/r.pem', '/etc/hepgate/e.pem'],
          private_key: ['/etc/hepgate/r.key', '/etc/hepgate/e.key'],
          ...domain,
        },
      ],
      client_domain: [
        {
          name: 'c',
          certificate: [],
          private_key: [],
          ...domainDefaults,
          match_ip_address: ['10.0.0.0/8'],
          server_name: 'trunk.example.com',
          verify_name: 'enforce',
          verify_name_wildcard: true,
          alias: true,
        },
      ],
    },
    routes: { f: 'drop;' },
    relay: {
      mode: 'edge',
      upstream: [
        { uri: 'sip:10.0.0.5', host: '10.0.0.5', port: 5060, transport: 'tcp', priority: 1, weight: 1 },
        { uri: 'tls:pbx.example.com', host: 'pbx.example.com', port: 5071, transport: 'tls', priority: 2, weight: 0 },
        { uri: 'udp:10.0.0.6:5080', host: '10.0.0.6', port: 5080, transport: 'udp', priority: 1, weight: 1 },
      ],
      trunk: [
        {
          uri: 'sips:carrier.example',
          host: 'carrier.example',
          port: undefined,
          transport: 'tls',
          keepalive: 30,
          options: 0,
        },
        {
          uri: 'sip:192.0.2.7:5070;transport=tcp',
          host: '192.0.2.7',
          port: 5070,
          transport: 'tcp',
          keepalive: 0,
          options: 60,
        },
      ],
      proxy_protocol: 'off',
      connect_timeout: 1000,
      options_interval: 0,
      options_timeout: 1,
      options_threshold: 2,
      pong_timeout: 3,
      flow_secret: '0123456789abcdef',
      flow_timer: 120,
      flow_token: 'ob',
      dns_server: [
        { host: '10.0.0.53', port: 53 },
        { host: '2001:db8::53', port: 5353 },
      ],
    },
    trust: { domains: ['carrier.example'], header: 'X-Trusted', alert_info: '<http://192.0.2.1/a.wav>' },
    trace: { keylog_file: '/etc/hepgate/keys.log', core_leg: true, probes: false, core_events: false },
    limits: {
      max_connections: 1,
      max_connections_per_address: 0,
      max_handshakes: 2,
      max_message_bytes: 1000,
      message_timeout: 3,
      tcp_connection_lifetime: 0,
      tcp_keepalive: false,
      tcp_keepidle: 5,
      drain_timeout: 0,
    },
    collector: {
      listen: [
        { transport: 'udp', ip: '127.0.0.1', port: 9060 },
        { transport: 'tcp', ip: '::1', port: 9061 },
      ],
      max_packets: 6,
    },
    telemetry: { metrics: false, sip_spans: 0.5 },
    live: { message_bytes: 0, closed_connections: 7, viewers: 8 },
    api: {
      listen: { ip: '0.0.0.0', port: 80 },
      token: 't',
      tokens: [{ name: 'on-call@example.com', scopes: ['secrets', 'read'], sha256: digest }],
      certificate: '/etc/hepgate/api.pem',
      private_key: '/etc/hepgate/keys/api.pem',
      rate_limit: 0,
    },
  })
})

test('in tunnel mode an upstream may be told who the client is', () => {
  const { relay } = parse('relay: { mode: tunnel, proxy_protocol: v2 }')
  assert.deepEqual([relay.mode, relay.proxy_protocol], ['tunnel', 'v2'])
})

test('a socket is in the mode of the file, unless it says another', () => {
  const modes = (mode: string) =>
    parseConfig(
      `socket: [tls:127.0.0.1, { socket: "tls:127.0.0.2", relay: tunnel }]\nrelay: { mode: ${mode} }`,
    ).socket.map((socket) => socket.relay)
  assert.deepEqual(modes('edge'), ['edge', 'tunnel'])
  assert.deepEqual(modes('tunnel'), ['tunnel', 'tunnel'])
})

test('a switch is 0, 1, false or true', () => {
  const read = ['0', '1', 'false', 'true'].map(
    (v) => parse(`proto_tls: { tls_crlf_drop: ${v} }`).proto_tls.tls_crlf_drop,
  )
  assert.deepEqual(read, [false, true, false, true])
})

test('sections and lists with every line commented out count as not written', () => {
  const config = parse('proto_tls:\ntls_mgm:\n  server_domain:\nrelay:\n  upstream:\n  # - sip:10.0.0.5\nroutes:\n')
  assert.deepEqual(config, parse(''))
})

test('anchors and aliases stand for their values', () => {
  const config = parse(
    'tls_mgm:\n  client_domain:\n    - { name: a, match_sip_domain: &names [a.example, b.example] }\n    - { name: b, match_sip_domain: *names }',
  )
  assert.deepEqual(config.tls_mgm.client_domain[1]?.match_sip_domain, ['a.example', 'b.example'])
})

test('the tls_port of the file is the default port of sockets and upstreams wherever it stands', () => {
  const config = parse('relay: { upstream: "sips:pbx.example" }\nproto_tls: { tls_port: 6061 }')
  assert.equal(config.socket[0]?.port, 6061)
  assert.equal(config.relay.upstream[0]?.port, 6061)
})

test('state_dir is where systemd says, or where XDG says, or below the home directory', () => {
  const stateDir = (env: Record<string, string>) => parse('', { env }).state_dir
  assert.equal(stateDir({ STATE_DIRECTORY: '/var/lib/a:/var/lib/b', XDG_STATE_HOME: '/xdg' }), '/var/lib/a')
  assert.equal(stateDir({ XDG_STATE_HOME: '/xdg' }), '/xdg/hepgate')
  assert.equal(stateDir({ STATE_DIRECTORY: '', XDG_STATE_HOME: '' }), '/home/op/.local/state/hepgate')
  assert.equal(parse('state_dir: ../state').state_dir, '/etc/state')
})

test('the log is for people on a terminal', () => {
  assert.equal(parse('', { terminal: true }).log.format, 'pretty')
  assert.equal(parse('log: { format: json }', { terminal: true }).log.format, 'json')
})

test('a host name that HEP cannot carry is cleaned', () => {
  assert.equal(parse('', { hostName: 'a"b\u00e4' }).proto_hep.hep_node_name, 'a-b-')
  assert.equal(parse('', { hostName: '' }).proto_hep.hep_node_name, 'hepgate')
})

test('secrets come from the environment and from files', () => {
  const source = { env: { TOKEN: 's3cret' }, readFile: (path: string) => `content of ${path}\r\n` }
  assert.equal(parse('api: { token: env:TOKEN }', source).api.token, 's3cret')
  assert.equal(parse('api: { token: file:token.txt }', source).api.token, 'content of /etc/hepgate/token.txt')
  assert.equal(parse('api: { token: as-it-is }', source).api.token, 'as-it-is')
  const hep = parse(
    'proto_hep: { hep_id: ["[a]h;auth_key=env:TOKEN", { hep_id: "[b]h", auth_key: env:TOKEN }] }',
    source,
  )
  assert.deepEqual(
    hep.proto_hep.hep_id.map((d) => d.auth_key),
    ['s3cret', 's3cret'],
  )
  const tls = parse('tls_mgm: { client_domain: { name: a, private_key_password: env:TOKEN } }', source)
  assert.equal(tls.tls_mgm.client_domain[0]?.private_key_password, 's3cret')
})

test('the API can be switched off', () => {
  assert.equal(parse('api: { listen: off }').api.listen, undefined)
})

test('a token says its name and its digest; without scopes it reads', () => {
  const { tokens } = parse(`api: { tokens: [{ name: a, sha256: ${digest} }] }`).api
  assert.deepEqual(tokens, [{ name: 'a', scopes: ['read'], sha256: digest }])
})

test('an API that others can reach is content with one of either kind of token', () => {
  const { api } = parse(`api: { listen: 0.0.0.0:8080, tokens: { name: a, sha256: ${digest} } }`)
  assert.equal(api.tokens.length, 1)
})

test('a filter module is named by its path, when it is there', () => {
  const source = { fileExists: (path: string) => path === '/etc/hepgate/my-filter.mjs' }
  const config = parse('proto_tls: { trace_filter_route: ./my-filter.mjs }', source)
  assert.equal(config.proto_tls.trace_filter_route, '/etc/hepgate/my-filter.mjs')
})

test('the shipped file is good, and what runs without a file is the same but for its state_dir', () => {
  const shipped = loadConfig(join(repoRoot, 'config/hepgate.yaml'))
  assert.equal(shipped.state_dir, join(repoRoot, 'state'))
  assert.equal(shipped.proto_tls.tls_handshake_timeout, 5000)
  assert.equal(shipped.proto_tls.tls_send_timeout, 2000)
  const embedded = defaultConfig()
  assert.equal(embedded.file, undefined)
  assert.deepEqual({ ...embedded, file: shipped.file, state_dir: shipped.state_dir }, shipped)
})

test('the example of the design is good', () => {
  const config = parseConfig(
    `
socket:
  - tls:0.0.0.0:5061 AS sip.example.com
  - tcp:10.0.0.4:5060
proto_tls:
  tls_handshake_timeout: 5000
  trace_destination: hep_dest
  trace_on: 0
  trace_filter_route: tls_filter
proto_hep:
  hep_id:
    - "[hep_dest]10.0.0.2:9060;transport=tcp;version=3"
  hep_capture_id: 2001
tls_mgm:
  server_domain:
    - { name: default, certificate: /etc/hepgate/cert.pem, private_key: /etc/hepgate/key.pem, verify_cert: 0, require_cert: 0 }
  client_domain:
    - { name: trunks, match_ip_address: "*", verify_cert: 1 }
routes:
  tls_filter: |
    if ($si == "203.0.113.9" && $socket_in(port) == 5061)
      exit;
    else
      drop;
relay:
  mode: edge                      # edge | tunnel
  upstream:
    - sip:10.0.0.5:5060;transport=tcp
api:
  listen: 127.0.0.1:8080
workers: 1
`,
    machine,
  )
  assert.equal(config.socket.length, 2)
})

test('every setting that the shipped file has switched off is good as well', () => {
  const text = readFileSync(join(repoRoot, 'config/hepgate.yaml'), 'utf8')
  const config = parseConfig(text.replace(/^( *)#(?=[^ #\n])/gm, '$1'), {
    ...machine,
    env: { HEPGATE_FLOW_SECRET: 'for this test only' },
  })
  assert.equal(config.socket.length, 5)
  assert.equal(config.proto_tls.trace_filter_route, 'tls_filter')
  assert.equal(config.proto_hep.hep_id.length, 2)
  assert.equal(config.proto_hep.hep_node_name, 'sip-edge-1')
  assert.equal(config.tls_mgm.server_domain[0]?.require_cert, false)
  assert.equal(config.tls_mgm.client_domain[0]?.verify_name, 'enforce')
  assert.equal(config.relay.upstream.length, 2)
  assert.equal(config.relay.trunk[0]?.options, 60)
  assert.equal(config.relay.flow_timer, 120)
  assert.deepEqual(config.trust.domains, ['carrier.example'])
  assert.equal(config.trust.alert_info, '<http://192.0.2.1/trusted.wav>')
  assert.deepEqual(config.api.tokens[0]?.scopes, ['read', 'control'])
  assert.equal(config.api.certificate, '/etc/hepgate/api.pem')
})

test('a file that cannot be read is a ConfigError that names it', () => {
  assert.throws(
    () => loadConfig('/nonexistent/hepgate.yaml'),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.equal(error.message, '/nonexistent/hepgate.yaml: cannot be read (ENOENT)')
      return true
    },
  )
})

test('the message of a ConfigError has a clickable line for each problem, with the path as it was given', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hepgate-config-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'bad.yaml')
  writeFileSync(file, 'socket: tls:127.0.0.1\nlog:\n  level: loud\nnonsense: 1\n')
  assert.throws(
    () => loadConfig(file),
    (error) => {
      assert.ok(error instanceof ConfigError)
      const lines = error.message.split('\n')
      assert.equal(lines.length, 2)
      assert.ok(lines[0]?.startsWith(`${file}:3:10: log.level: expected debug`), lines[0])
      assert.ok(lines[1]?.startsWith(`${file}:4:1: nonsense: is not a setting`), lines[1])
      return true
    },
  )
})
