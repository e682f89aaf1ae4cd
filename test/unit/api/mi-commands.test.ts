/** The commands of the management interface, in the shapes of OpenSIPS. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ConnectionQuery } from '../../../src/base/live.js'
import { bareSamples, fullSamples } from '../../support/api-samples.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { testApi } from './api.js'

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: string }
}

/** As opensips-cli sends it: `{}` for no parameters. */
async function mi(t: TestContext, method: string, params: unknown = {}, gateway = new FakeGateway()): Promise<Answer> {
  const { api } = await testApi(t, { gateway })
  const payload = { jsonrpc: '2.0', id: '7621', method, params }
  const { jsonrpc, id, ...answer } = (await api.inject({ method: 'POST', url: '/mi', payload })).json()
  assert.deepEqual([jsonrpc, id], ['2.0', '7621'])
  return answer
}

const parameters: [command: string, recipes: string[][]][] = [
  ['tls_trace', [[], ['trace_mode']]],
  ['get_statistics', [['statistics']]],
  ['log_level', [[], ['level'], ['level', 'pid']]],
  ['uptime', [[]]],
]
for (const [command, recipes] of parameters) {
  test(`which ${command} answers the parameters it takes`, async (t) => {
    assert.deepEqual(await mi(t, 'which', [command]), { result: recipes })
    assert.deepEqual(await mi(t, 'which', { command }), { result: recipes })
  })
}

test('which of a module answers its commands, and of nothing an error', async (t) => {
  assert.deepEqual(await mi(t, 'which', ['tls_mgm:']), { result: ['tls_mgm:list', 'tls_mgm:reload'] })
  for (const unknown of ['nope', 'nope:', 'constructor']) {
    assert.deepEqual(await mi(t, 'which', [unknown]), { error: { code: 404, message: 'unknown MI command' } })
  }
})

test('version and uptime', async (t) => {
  assert.deepEqual(await mi(t, 'version'), {
    result: { Server: `hepgate (1.2.3 (${process.arch}/${process.platform}))` },
  })
  const { Now, ...rest } = (await mi(t, 'uptime')).result as Record<string, string>
  const started = new Date(fullSamples.status.startedAt)
  const [, month, day, time, year] = /^\w{3} (\w{3}) (..) (\S+) (\d{4})$/.exec(rest['Up since']!)!
  assert.equal(day!.trim(), String(started.getDate()))
  assert.equal(day![0], started.getDate() < 10 ? ' ' : day![0], 'as ctime(3): a blank, not a 0')
  assert.equal(new Date(`${month} ${day!.trim()} ${year} ${time}`).getTime(), started.getTime())
  assert.equal(rest['Up time'], '12 [sec]')
  assert.ok(Math.abs(Date.parse(Now!) - Date.now()) < 60_000, Now)
})

const asked: [name: string, params: unknown, names: RegExp, count: number][] = [
  ['a group, as opensips-cli sends it', [['core:']], /^core:\w+$/, 8],
  ['a group by name', { statistics: ['hep:'] }, /^hep:\w+$/, 8],
  ['a name of OpenSIPS', [['timestamp']], /^core:timestamp$/, 1],
  [
    'a name in another case, with its group',
    [['CORE:Timestamp', 'sent_packets']],
    /^(?:core:timestamp|hep:sent_packets)$/,
    2,
  ],
  ['all', [['all']], /^(?:core|net|tls|hep):\w+$/, 26],
  ['something known beside what is not', [['nope', 'net:', 'nope:']], /^net:\w+$/, 5],
]
for (const [name, params, names, count] of asked) {
  test(`get_statistics of ${name}: one flat object of numbers`, async (t) => {
    const result = (await mi(t, 'get_statistics', params)).result as Record<string, number>
    assert.equal(Object.keys(result).length, count)
    for (const [key, value] of Object.entries(result)) {
      assert.match(key, names)
      assert.ok(Number.isInteger(value), key)
    }
  })
}

test('the statistics are what the status says', async (t) => {
  const result = (await mi(t, 'get_statistics', [['all']])).result
  assert.deepEqual(result, {
    'core:drop_requests': 1,
    'core:drop_replies': 2,
    'core:timestamp': 12,
    'core:relayed_messages': 10,
    'core:lost_messages': 1,
    'core:pings': 6,
    'core:own_replies': 8,
    'core:upstreams_down': 1,
    'net:open_connections': 2,
    'net:accepted_connections': 5,
    'net:initiated_connections': 4,
    'net:closed_connections': 3,
    'net:failed_connections': 2,
    'tls:connections_in_handshake': 1,
    'tls:traced_connections': 3,
    'tls:trace_on': 0,
    'tls:trace_filter_failures': 1,
    'tls:certificate_days_left': 300,
    'hep:sent_packets': 7,
    'hep:sent_bytes': 2100,
    'hep:dropped_packets': 4,
    'hep:truncated_packets': 1,
    'hep:queued_packets': 1,
    'hep:reconnects': 2,
    'hep:lost_traces': 1,
    'hep:messages_without_call_id': 2,
  })
})

test('statistics that are not there are an error, and names that are none too', async (t) => {
  for (const names of [['nope'], ['nope:'], []]) {
    assert.deepEqual(await mi(t, 'get_statistics', [names]), { error: { code: 404, message: 'Statistics Not Found' } })
  }
  for (const params of [['core:'], [[7]], { statistics: 'all' }]) {
    assert.equal((await mi(t, 'get_statistics', params)).error?.code, -32602)
  }
})

for (const command of ['tls_reload', 'tls_mgm:reload']) {
  test(`${command} answers OK, or the error of tls_mgm with what is wrong`, async (t) => {
    const gateway = new FakeGateway()
    assert.deepEqual(await mi(t, command, {}, gateway), { result: 'OK' })
    gateway.reloadAnswer = { ok: false, problems: ['cert.pem: expired', 'key.pem: missing'] }
    assert.deepEqual(await mi(t, command, {}, gateway), {
      error: { code: 500, message: 'Failed to reload', data: 'cert.pem: expired; key.pem: missing' },
    })
    assert.deepEqual(gateway.calls[0], ['reloadDomains', 'mi 127.0.0.1'])
  })
}

test('tls_list tells the domains, those for connections we make first', async (t) => {
  const gateway = new FakeGateway()
  const [server, client] = fullSamples.domains
  const settings = {
    match_ip_address: ['*'],
    match_sip_domain: ['*.example.com', 'none'],
    certificate: ['/etc/hepgate/rsa.pem', '/etc/hepgate/ec.pem'],
    private_key: ['/etc/hepgate/rsa.key', '/etc/hepgate/ec.key'],
    min_version: 'TLSv1.2',
    max_version: 'TLSv1.3',
    verify_cert: true,
    require_cert: false,
    ca_list: '/etc/hepgate/ca.pem',
    ca_dir: undefined,
    crl: undefined,
    ciphers_list: undefined,
    dh_params: undefined,
    ec_curve: undefined,
  } as const
  gateway.samples = { ...fullSamples, domains: [{ ...server!, settings }, client!] }
  assert.deepEqual(await mi(t, 'tls_list', {}, gateway), {
    result: {
      Domains: [
        { name: 'trunks', type: 'TLS_DOMAIN_CLI' },
        {
          name: 'default',
          type: 'TLS_DOMAIN_SRV',
          'IP ADDRESS FILTERS': ['*'],
          'SIP DOMAIN FILTERS': ['*.example.com', 'none'],
          METHOD: 'TLSv1_2-TLSv1_3',
          VERIFY_CERT: true,
          REQ_CLI_CERT: false,
          CRL_CHECKALL: false,
          CERT_FILE: '/etc/hepgate/rsa.pem, /etc/hepgate/ec.pem',
          CRL_DIR: '',
          CA_FILE: '/etc/hepgate/ca.pem',
          CA_DIR: '',
          PKEY_FILE: '/etc/hepgate/rsa.key, /etc/hepgate/ec.key',
          CIPHER_LIST: '',
          DH_PARAMS_FILE: '',
          EC_CURVE: '',
        },
      ],
    },
  })
  gateway.samples = bareSamples
  assert.deepEqual(await mi(t, 'tls_mgm:list', {}, gateway), { result: { Domains: [] } })
})

test('list_tcp_conns tells every connection of a stream, page by page', async (t) => {
  const gateway = new FakeGateway()
  const open = { ...fullSamples.connection('318027461591040123'), state: 'open' as const, closed: undefined }
  const pages = [
    { rows: [open], total: 2, next: 'second' },
    { rows: [{ ...bareSamples.connection('9'), transport: 'tcp' as const }], total: 2 },
  ]
  const { connections } = gateway.view
  gateway.view.connections = async (query) => {
    gateway.rows = pages[query.cursor === 'second' ? 1 : 0]!
    return connections(query)
  }
  assert.deepEqual(await mi(t, 'list_tcp_conns', {}, gateway), {
    result: {
      Connections: [
        {
          ID: '318027461591040123',
          Type: 'tls',
          State: 0,
          Remote: '[2001:db8::9]:50412',
          Local: '192.0.2.1:5061',
          'TLS Version': 'TLSv1.3',
          'TLS Cipher': 'TLS_AES_256_GCM_SHA384',
          'TLS Peer verified': 1,
        },
        { ID: '9', Type: 'tcp', State: 1, Remote: '[2001:db8::9]:50412', Local: '192.0.2.1:5061' },
      ],
    },
  })
  assert.equal(gateway.calls.length, 2)
})

test('list_tcp_conns tells 20,000 connections, and of how many', async (t) => {
  const gateway = new FakeGateway()
  const rows = Array.from({ length: 10_000 }, (_, i) => bareSamples.connection(String(i)))
  gateway.rows = { rows, total: 50_000, next: 'more' }
  const { Connections, Total } = (await mi(t, 'list_tcp_conns', {}, gateway)).result as {
    Connections: unknown[]
    Total: number
  }
  assert.deepEqual([Connections.length, Total, gateway.calls.length], [20_000, 50_000, 2])
})

test('list_tcp_conns of one protocol', async (t) => {
  for (const [proto, asked] of [
    ['TLS', { fields: { transport: 'tls' } }],
    ['tcp', { fields: { transport: 'tcp' } }],
    ['any', { search: '-transport:udp' }],
  ] as const) {
    const gateway = new FakeGateway()
    assert.deepEqual(await mi(t, 'tcp:list', [proto], gateway), { result: { Connections: [] } })
    const [, { sort: _sort, descending: _descending, limit: _limit, cursor: _cursor, ...query }] = gateway.calls[0] as [
      string,
      ConnectionQuery,
    ]
    assert.deepEqual(query, { ...asked, closed: false })
  }
  assert.deepEqual(await mi(t, 'list_tcp_conns', { proto: 'wss' }), { result: { Connections: [] } })
  assert.deepEqual(await mi(t, 'list_tcp_conns', ['quic']), { error: { code: 400, message: 'Bad protocol' } })
  assert.equal((await mi(t, 'list_tcp_conns', [7])).error?.code, -32602)
})
