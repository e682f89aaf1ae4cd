/** Parameters of proto_tls and proto_hep, global settings, and modules as a whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileSchema } from '../../../../src/config/schema.js'
import { imported } from '../../../support/opensips.js'

const tls = 'socket=tls:10.0.0.1:5061\n'
const modparam = (module: string, name: string, value: string) => `modparam("${module}", "${name}", ${value})\n`

/** with a value that is not its default */
const protoTls = {
  tls_port: 5071,
  tls_crlf_pingpong: 0,
  tls_crlf_drop: 1,
  tls_max_msg_chunks: 8,
  cert_check_on_conn_reusage: 1,
  trace_destination: 'hep_dest',
  trace_on: 1,
  trace_filter_route: 'f',
  tls_handshake_timeout: 7000,
  tls_send_timeout: 3000,
  tls_async: 0,
  tls_async_max_postponed_chunks: 16,
  tls_async_local_connect_timeout: 200,
  tls_async_handshake_timeout: 20,
}

test('every parameter of proto_tls is carried over by its name', async (t) => {
  const section = fileSchema.properties.proto_tls
  assert.ok(section?.kind === 'section')
  assert.deepEqual(Object.keys(protoTls).sort(), Object.keys(section.properties).sort())
  const params = Object.entries(protoTls).map(([name, value]) => modparam('proto_tls', name, JSON.stringify(value)))
  const hep = modparam('proto_hep', 'hep_id', '"[hep_dest]10.0.0.2"')
  const { settings, notes } = await imported(t, `${tls}${params.join('')}${hep}route[f] { drop; }\n`)
  assert.deepEqual(settings.proto_tls, protoTls)
  assert.deepEqual(
    notes.filter((note) => note.includes('proto_tls')),
    [],
  )
})

test('defaults are left out, but for the two timeouts, which are worth a comment', async (t) => {
  const params = ['tls_crlf_pingpong', 'tls_async'].map((name) => modparam('proto_tls', name, '1'))
  const { yaml, settings } = await imported(t, tls + params.join(''))
  assert.deepEqual(settings.proto_tls, { tls_handshake_timeout: 100, tls_send_timeout: 100 })
  assert.match(
    yaml,
    /\n {2}# .*better 5000\n {2}tls_handshake_timeout: 100\n {2}# .*better 2000\n {2}tls_send_timeout: 100\n/,
  )
  const long = modparam('proto_tls', 'tls_handshake_timeout', '5000')
  assert.doesNotMatch((await imported(t, tls + long)).yaml, /better 5000/)
})

test('the two timeouts are taken from tls_mgm too, where they were up to OpenSIPS 3.0', async (t) => {
  const { settings } = await imported(t, tls + modparam('tls_mgm', 'tls_send_timeout', '2500'))
  assert.equal(settings.proto_tls.tls_send_timeout, 2500)
})

for (const [written, expected] of [
  ['[a] 10.0.0.2:9061; transport=tcp; version=3', '[a]10.0.0.2:9061;transport=tcp;version=3'],
  ['[a]10.0.0.2', '[a]10.0.0.2'],
  ['[a]10.0.0.2; VERSION = 2', '[a]10.0.0.2;version=3;transport=udp'],
  ['[a]10.0.0.2;transport=TLS', '[a]10.0.0.2;transport=TLS'],
] as const) {
  test(`hep_id ${written} is ${expected}`, async (t) => {
    const { settings, notes } = await imported(t, tls + modparam('proto_hep', 'hep_id', `"${written}"`))
    assert.deepEqual(settings.proto_hep, { hep_id: [expected] })
    assert.ok(notes.every((note) => !note.startsWith('To be changed')))
    assert.equal(
      notes.some((note) => note.includes('HEP version 2 carries no TLS events')),
      written.includes('2; V'),
    )
  })
}

test('what of proto_hep has no counterpart is noted with its reason', async (t) => {
  const params = ['hep_port', 'homer5_on', 'hep_async', 'compressed_payload', 'hep_max_retries', 'colour']
  const { notes } = await imported(t, tls + params.map((name) => modparam('proto_hep', name, '1')).join(''))
  params.forEach((name, i) => {
    const start = `opensips.cfg:${i + 2}: proto_hep: ${name} is left out: `
    const note = notes.find((line) => line.startsWith(start))
    assert.ok(note, start)
    assert.equal(note.endsWith('nothing like it here'), name === 'colour')
  })
})

test('a value the setting does not take is left out and noted', async (t) => {
  const { settings, notes } = await imported(t, tls + modparam('proto_tls', 'tls_max_msg_chunks', '"many"'))
  assert.equal(settings.proto_tls.tls_max_msg_chunks, undefined)
  assert.ok(
    notes.includes(
      'opensips.cfg:2: proto_tls: tls_max_msg_chunks is left out: proto_tls.tls_max_msg_chunks does not take many',
    ),
  )
})

test('global settings with a counterpart are carried over, in our units', async (t) => {
  const { settings } = await imported(
    t,
    `${tls}tcp_connection_lifetime=600\ntcp_max_connections = 4096\ntcp_max_msg_time=8\ntcp_keepalive=no\ntcp_keepidle=30\n` +
      'tcp_connect_timeout=3000\nlog_level=4\n',
  )
  assert.deepEqual(settings.limits, {
    tcp_connection_lifetime: 600,
    max_connections: 4096,
    message_timeout: 8000,
    tcp_keepalive: 0,
    tcp_keepidle: 30,
  })
  assert.equal(settings.relay.connect_timeout, 3000)
  assert.equal(settings.log.level, 'debug')
})

for (const [level, ours] of Object.entries({ '-3': 'error', '1': 'warn', '2': undefined, '4': 'debug' })) {
  test(`log_level ${level} is ${ours ?? 'the default'}`, async (t) => {
    const { settings } = await imported(t, `${tls}log_level=${level}\n`)
    assert.equal(settings.log?.level, ours)
  })
}

test('global settings of OpenSIPS itself are listed by name and place', async (t) => {
  const { notes } = await imported(t, `${tls}udp_workers=4\nmpath="/usr/lib"\n`)
  assert.ok(
    notes.some((note) =>
      /^Left out, being about OpenSIPS itself: udp_workers \(\S+:2\), mpath \(\S+:3\)\.$/.test(note),
    ),
  )
})

test('modules are listed by name, those whose work has another place here with that place', async (t) => {
  const { notes } = await imported(
    t,
    `${tls}loadmodule "tm.so"\nloadmodule "dispatcher.so"\n${modparam('rr', 'a', '1')}`,
  )
  assert.ok(notes.some((note) => /^Routes and modules .* Left out with them: tm, rr\.$/.test(note)))
  assert.ok(notes.some((note) => /^Module dispatcher: .*relay\.upstream\.$/.test(note)))
})

test('a pattern names several modules', async (t) => {
  const { settings } = await imported(t, tls + modparam('proto_tls|proto_wss', 'trace_on', '1'))
  assert.equal(settings.proto_tls.trace_on, 1)
})
