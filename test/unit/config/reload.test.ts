import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reloaded } from '../../../src/config/reload.js'
import type { Config } from '../../../src/config/types.js'
import { digest, parse } from './parsing.js'

const running = parse('relay: { upstream: sip:10.0.0.5 }')

/** What a reload does not wait for: whole sections, and parts of others. */
const live = new Set([
  'log.levels',
  'proto_hep',
  'tls_mgm',
  'routes',
  'relay.upstream',
  'relay.trunk',
  'trust.domains',
  'trust.alert_info',
  'proto_tls.trace_destination',
  'proto_tls.trace_filter_route',
  'api.token',
  'api.tokens',
  'api.rate_limit',
])

const changed = (what: string) => [`${what}: changed, takes effect at the next start`]

test('nothing changed: nothing to note, and the configuration is the same', () => {
  assert.deepEqual(reloaded(running, structuredClone(running)), { config: running, notes: [] })
})

test('log levels, certificates, destinations, routes, upstreams, trunks, trust, tokens and the filter of the trace take effect', () => {
  const next = parse(`
log: { level: warn, levels: { tls: debug } }
relay: { upstream: [sip:10.0.0.6, sip:10.0.0.7], trunk: sips:carrier.example }
trust: { domains: carrier.example, alert_info: { phone: cisco_ata, ring: Bellcore-dr2 } }
proto_tls: { trace_destination: homer, trace_filter_route: customers }
proto_hep: { hep_id: "[homer]10.0.0.2", hep_capture_id: 7 }
tls_mgm: { server_domain: { name: a, certificate: a.pem, private_key: a.key } }
routes: { customers: drop; }
api: { tokens: { name: a, sha256: ${digest} }, rate_limit: 7 }
`)
  assert.deepEqual(reloaded(running, next), { config: next, notes: [] })
})

test('listeners, limits and timeouts wait for a restart, each with a note, and the old ones keep running', () => {
  const next = parse(`
relay: { upstream: sip:10.0.0.5, connect_timeout: 7000 }
proto_tls: { tls_handshake_timeout: 7000, trace_on: 1 }
limits: { max_connections: 7 }
state_dir: /elsewhere
api: { listen: 127.0.0.1:9999 }
`)
  const { config, notes } = reloaded(running, next)
  assert.deepEqual(config, running)
  assert.deepEqual(notes.map((note) => note.split(':')[0]).sort(), [
    'api.listen',
    'limits.max_connections',
    'proto_tls.tls_handshake_timeout',
    'proto_tls.trace_on',
    'relay.connect_timeout',
    'state_dir',
  ])
})

test('what takes effect does so beside what has to wait', () => {
  const next = parse('relay: { upstream: sip:10.0.0.6, connect_timeout: 7000 }')
  const { config, notes } = reloaded(running, next)
  assert.deepEqual(notes, changed('relay.connect_timeout'))
  assert.deepEqual(config.relay, { ...running.relay, upstream: next.relay.upstream })
})

/** Every setting that can change by itself, but for the path of the file: `state_dir`, `limits.max_connections`. */
function settings(config: Config): string[] {
  return Object.entries(config).flatMap(([section, value]) => {
    if (section === 'file') return []
    const isSection = typeof value === 'object' && !Array.isArray(value) && !live.has(section)
    return isSection ? Object.keys(value).map((key) => `${section}.${key}`) : [section]
  })
}

function withOther(config: Config, setting: string): Config {
  const [section, key] = setting.split('.') as [string, string | undefined]
  const next: Record<string, unknown> = structuredClone(config) as never
  if (key === undefined) next[section] = 'another value'
  else next[section] = { ...(next[section] as object), [key]: 'another value' }
  return next as never
}

test('no setting is forgotten: each takes effect, or is noted and stays as it was', () => {
  const all = settings(running)
  for (const setting of live) assert.ok(all.includes(setting), setting)
  assert.ok(all.length > 30)
  for (const setting of all) {
    const next = withOther(running, setting)
    const expected = live.has(setting) ? { config: next, notes: [] } : { config: running, notes: changed(setting) }
    assert.deepEqual(reloaded(running, next), expected, setting)
  }
})

test('a setting that is no longer there is a change too', () => {
  const logged = parse('relay: { upstream: sip:10.0.0.5 }\ntrace: { keylog_file: keys.log }')
  assert.deepEqual(reloaded(logged, running).notes, changed('trace.keylog_file'))
})

test('a secret that changed is not told', () => {
  const next = parse('relay: { upstream: sip:10.0.0.5, flow_secret: env:SECRET }', {
    env: { SECRET: 'open sesame 12345' },
  })
  const { notes } = reloaded(running, next)
  assert.deepEqual(notes, changed('relay.flow_secret'))
})

const secure = parse('relay: { upstream: sip:10.0.0.5 }\napi: { certificate: a.pem, private_key: a.key }')

test('another certificate of the API takes effect', () => {
  const next = parse('relay: { upstream: sip:10.0.0.5 }\napi: { certificate: b.pem, private_key: b.key }')
  assert.deepEqual(reloaded(secure, next), { config: next, notes: [] })
})

test('whether the API has a certificate at all is settled when it starts', () => {
  const notes = [...changed('api.certificate'), ...changed('api.private_key')]
  assert.deepEqual(reloaded(running, secure), { config: running, notes })
  assert.deepEqual(reloaded(secure, running), { config: secure, notes })
})
