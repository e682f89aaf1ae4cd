/** One good request for every operation of the API, and what a fake gateway makes of it. */
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { LogStatus } from '../../../src/base/status.js'
import { bareSamples, fullSamples, streamSamples } from '../../support/api-samples.js'
import { FakeGateway } from '../../support/fake-gateway.js'

export interface Operation {
  /** `{name}` in the path is filled in here */
  readonly path?: Readonly<Record<string, string>>
  readonly query?: string
  readonly payload?: string | object
  /** the whole JSON body, from what the gateway tells; absent: not JSON */
  readonly tells?: (gateway: FakeGateway) => unknown
}

const conn = { path: { conn_id: '12' } }
const call = { path: { call_id: '12' } }
const destination = { path: { name: 'hep_dest' } }
const dryRun = { tells: ({ samples }: FakeGateway) => matches(samples.dryRun) }

/** By method and path of the OpenAPI document. A test fails for an operation that is not here. */
export const operations: Readonly<Record<string, Operation>> = {
  'GET /api/v1/overview': { tells: (gateway) => gateway.overview() },
  'GET /api/v1/history': { tells: ({ samples }) => ({ samples: samples.history }) },
  'GET /api/v1/status': { tells: (gateway) => gateway.status() },
  'GET /metrics': {},
  'GET /healthz': { tells: () => ({ status: 'alive' }) },
  'GET /readyz': { tells: () => ({ ready: true }) },
  'GET /api/v1/openapi.json': {},
  'GET /api/v1/connections': {
    query: 'search=alice&peer=203.0.113.0/24&sort=bytes&order=asc&limit=10&cursor=abc&closed=true',
    tells: ({ rows }) => named(rows, 'connections'),
  },
  'GET /api/v1/connections/{conn_id}': { ...conn, tells: ({ samples }) => samples.connectionDetail('12') },
  'DELETE /api/v1/connections/{conn_id}': conn,
  'POST /api/v1/connections/{conn_id}/trace': {
    ...conn,
    payload: { for: '10m' },
    tells: ({ samples }) => ({ traced: true, until: samples.trace.picked[0]?.until }),
  },
  'DELETE /api/v1/connections/{conn_id}/trace': conn,
  'GET /api/v1/connections/{conn_id}/keylog': conn,
  'GET /api/v1/connections/{conn_id}/pcapng': conn,
  'GET /api/v1/calls': { query: 'search=bob&limit=5&cursor=abc', tells: ({ callRows }) => named(callRows, 'calls') },
  'GET /api/v1/calls/{call_id}': { ...call, tells: ({ samples }) => samples.callDetail('12') },
  'GET /api/v1/calls/{call_id}/pcapng': call,
  'GET /api/v1/pcapng': { query: 'peer=203.0.113.9&sni=*.example.com&user=alice&follow=true&for=10m' },
  'GET /api/v1/events': { query: 'topics=overview,calls&search=alice&calls=bob&limit=10&last_event_id=a-1' },
  'GET /api/v1/tls_trace': { tells: (gateway) => gateway.traceStatus() },
  'PUT /api/v1/tls_trace': {
    payload: { trace_mode: 'on', for: '10m', existing: true, scope: { peer: '203.0.113.0/24', user: 'alice' } },
    tells: (gateway) => gateway.traceStatus(),
  },
  'GET /api/v1/trace/filter': { tells: ({ samples }) => samples.filter },
  'POST /api/v1/trace/filter/dry-run': { payload: { route: 'exit;', scope: { sni: '*' } }, ...dryRun },
  'PUT /api/v1/trace/filter': { payload: { route: 'exit;' }, ...dryRun },
  'DELETE /api/v1/trace/filter': { tells: ({ samples }) => samples.filter },
  'GET /api/v1/destinations': { tells: ({ samples }) => ({ destinations: samples.status.destinations }) },
  'POST /api/v1/destinations/{name}/pause': destination,
  'POST /api/v1/destinations/{name}/resume': destination,
  'POST /api/v1/destinations/{name}/test': { ...destination, tells: ({ samples }) => samples.test },
  'GET /api/v1/domains': { tells: ({ samples }) => ({ domains: samples.domains }) },
  'POST /api/v1/domains/reload': { tells: () => ({ ok: true, notes: ['socket: waits'] }) },
  'GET /api/v1/audit': { tells: ({ samples }) => ({ audit: samples.audit }) },
  'GET /api/v1/collector/packets': { query: 'format=json&type=sip&limit=5&correlation_id=a', tells: () => [packet] },
  'GET /api/v1/log': { tells: ({ logStatus }) => logStatus },
  'PUT /api/v1/log': {
    payload: { component: 'tls', level: 'debug', for: '10m' },
    tells: ({ logStatus }) => logStatus,
  },
  'POST /api/v1/reload': { tells: () => ({ ok: true, notes: ['socket: waits'] }) },
  'POST /mi': {
    payload: { jsonrpc: '2.0', id: 1, method: 'tls_trace' },
    tells: ({ mode }) => ({ jsonrpc: '2.0', result: { 'TLS tracing': mode }, id: 1 }),
  },
}

/** Everything there is, with all that is optional or with nothing of it; streams end by themselves. */
export function tellingGateway(kind: 'full' | 'bare'): FakeGateway {
  const gateway = new FakeGateway()
  const samples = kind === 'full' ? fullSamples : bareSamples
  const rest = kind === 'full' ? { next: 'more' } : {}
  gateway.samples = samples
  gateway.until = kind === 'full' ? '2026-01-02T03:14:05.000Z' : undefined
  gateway.rows = { rows: [samples.connection('12')], total: 2, ...rest }
  gateway.callRows = { rows: [samples.call('a')], total: 2, ...rest }
  gateway.filterAnswer = samples.dryRun
  gateway.packets = [JSON.stringify(packet)]
  gateway.reloadAnswer = { ok: true, problems: ['socket: waits'] }
  if (kind === 'full') gateway.logStatus = fullLogStatus
  gateway.keylog = ['CLIENT_TRAFFIC_SECRET_0 00 11']
  gateway.file = [Buffer.from('pcapng')]
  gateway.onWatch = ({ viewer }) => {
    const [snapshot, delta] = streamSamples(samples, gateway.overview(), gateway.traceStatus())
    viewer.send(`event: snapshot\nid: a-1\ndata: ${JSON.stringify(snapshot)}\n\n`)
    viewer.send(`event: delta\nid: a-2\ndata: ${JSON.stringify(delta)}\n\n`)
    viewer.end('enough')
  }
  return gateway
}

/** Sends the good request of an operation. */
export function perform(api: FastifyInstance, key: string, options: InjectOptions = {}) {
  const [method, template] = key.split(' ') as ['GET', string]
  const { path = {}, query, payload } = operations[key] ?? {}
  const url = template.replace(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(path[name] ?? ''))
  return api.inject({
    method,
    url: query === undefined ? url : `${url}?${query}`,
    ...(payload !== undefined && { payload }),
    ...options,
  })
}

const fullLogStatus: LogStatus = {
  components: [{ component: 'tls', level: 'debug', configured: 'info', until: '2026-01-02T03:14:05.000Z' }],
  repeats: 3,
}

const packet = {
  time: '2026-01-02T03:04:05.678901Z',
  type: 1,
  type_name: 'sip',
  protocol: 'tls',
  source: '203.0.113.9:50412',
  destination: '192.0.2.1:5061',
  correlation_id: 'a',
  node: 'gw-1',
  capture_id: 2001,
  payload: 'OPTIONS sip:a SIP/2.0\r\n\r\n',
}

function named(page: FakeGateway['rows'] | FakeGateway['callRows'], name: string): unknown {
  if ('problem' in page) return page
  const { rows, ...rest } = page
  return { [name]: rows, ...rest }
}

function matches({ matches, ...counts }: typeof fullSamples.dryRun): unknown {
  return { ...counts, matches: matches.map(({ id, sni, ...rest }) => ({ conn_id: id, tls_sni: sni, ...rest })) }
}
