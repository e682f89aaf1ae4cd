/**
 * A stand-in of homer-app, the web server of Homer 7, as far as `hepgate homer` talks to it: its routes are those of
 * router/v1 and main.go of homer-app 1.5.20, its answers were recorded from that program on PostgreSQL 15, and its
 * mappings are the seeded ones. (Run for real it also says what the lookups find: docs/homer-7.md.)
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { listening } from './listening.js'
import type { Scope } from './scope.js'

export interface StandInRow {
  readonly guid: string
  hepid: number
  profile: string
  hep_alias: string
  correlation_mapping: unknown
  [key: string]: unknown
}

export interface HomerOptions {
  /** api_settings.enable_token_access */
  readonly tokenAccess?: boolean
  readonly rows?: readonly StandInRow[]
}

const password = 'sipcapture'
const [jwtOfAdmin, jwtOfUser] = ['e30.e30.admin', 'e30.e30.user']

export class HomerAppStandIn {
  readonly password = password
  readonly token = 'FlAzCOifmRvjXCUJDLIxyMAQpKxMBnHk'
  readonly written: StandInRow[] = []
  rows: StandInRow[]
  url = ''
  /** called before a request is answered */
  onRequest: (request: IncomingMessage) => void = () => {}
  /** what a PUT makes of a row */
  store: (row: StandInRow) => StandInRow = (row) => row
  /** why a PUT fails, if it does */
  failure: () => string | undefined = () => undefined
  readonly #tokenAccess: boolean

  private constructor({ tokenAccess = false, rows = seededRows() }: HomerOptions) {
    this.rows = structuredClone([...rows])
    this.#tokenAccess = tokenAccess
  }

  static async start(scope: Scope, options: HomerOptions = {}): Promise<HomerAppStandIn> {
    const homer = new HomerAppStandIn(options)
    const server = createServer((request, response) => void homer.#answer(request, response))
    homer.url = `http://127.0.0.1:${await listening(scope, server)}`
    return homer
  }

  row(hepid: number, profile: string): StandInRow {
    return this.rows.find((row) => row.hepid === hepid && row.profile === profile)!
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.onRequest(request)
    const [status, body] = await this.#route(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  async #route(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const { method, url = '' } = request
    if (!url.startsWith('/api/v3/')) return [404, { message: 'Not Found' }]
    if (`${method} ${url}` === 'POST /api/v3/auth') return login((await json(request)) as Record<string, unknown>)
    const who = this.#whoAsks(request)
    if (typeof who !== 'string') return who
    if (`${method} ${url}` === 'GET /api/v3/mapping/protocol') return this.#list()
    const guid = /^\/api\/v3\/mapping\/protocol\/([^/]+)$/.exec(url)?.[1]
    if (method !== 'PUT' || guid === undefined) return [404, { message: 'Not Found' }]
    if (who !== 'admin') return [403, { message: 'This API requires admin access.' }]
    return this.#update(guid, (await json(request)) as StandInRow)
  }

  #list(): [number, unknown] {
    const { rows } = this
    if (rows.length === 0) return [400, { data: {}, message: 'data was not found' }]
    return [200, { count: rows.length, data: rows }]
  }

  #update(guid: string, row: StandInRow): [number, unknown] {
    const found = this.rows.find((other) => other.guid === guid)
    if (found === undefined) return [400, { data: {}, message: 'data was not found' }]
    const missing = required.filter(([key]) => !row[key]).map(([, name]) => validationText(name))
    if (missing.length > 0) return [400, { data: {}, message: missing.join('\n') }]
    const failure = this.failure()
    if (failure !== undefined) return [400, { data: {}, message: failure }]
    this.written.push(row)
    // columns it was not sent stay; PostgreSQL puts a new version of a row behind the others
    this.rows = [...this.rows.filter((other) => other !== found), this.store({ ...found, ...row, guid })]
    return [200, { message: 'successfully updated hepsub settings', data: guid }]
  }

  /** A token that does not count is none, and who comes without a login gets 400. */
  #whoAsks({ headers }: IncomingMessage): 'admin' | 'user' | [number, unknown] {
    if (this.#tokenAccess && headers['auth-token'] === this.token) return 'admin'
    const jwt = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (jwt === undefined) return [400, { message: 'missing or malformed jwt' }]
    if (jwt === jwtOfAdmin) return 'admin'
    return jwt === jwtOfUser ? 'user' : [401, { message: 'invalid or expired jwt' }]
  }
}

function login({ username, password: given }: Record<string, unknown>): [number, unknown] {
  if ((username !== 'admin' && username !== 'support') || given !== password) {
    return [401, { statuscode: 401, error: 'Unauthorized', message: 'incorrect password' }]
  }
  const admin = username === 'admin'
  return [
    201,
    { token: admin ? jwtOfAdmin : jwtOfUser, scope: '861eeda2-f1b5-457e-9c2e-7897b87d0fa2', user: { admin } },
  ]
}

const required = [
  ['profile', 'Profile'],
  ['hepid', 'Hepid'],
  ['partid', 'PartID'],
  ['version', 'Version'],
  ['retention', 'Retention'],
  ['partition_step', 'PartitionStep'],
] as const

function validationText(name: string): string {
  return `Key: 'TableMappingSchema.${name}' Error:Field validation for '${name}' failed on the 'required' tag`
}

/** What -populate-table-db-config leaves; of fields_mapping the first field only. */
export function seededRows(): StandInRow[] {
  const sip = (profile: string) => [
    lookup('data_header.callid', 100, 'default', 'sid'),
    lookup('data_header.callid', 5, 'default', 'sid'),
    lookup('protocol_header.correlation_id', 1, profile, 'sid'),
  ]
  const b2b = {
    ...lookup('data_header.callid', 1, 'call', "data_header->>'callid'"),
    input_function_js:
      "var returnData=[]; for (var i = 0; i < data.length; i++) { returnData.push(data[i]+'_b2b-1'); }; returnData;",
  }
  const log = ['call', 'registration', 'default'].map((profile) => lookup('sid', 1, profile, 'data_header.callid'))
  return [
    row('0fc6f476-f7a0-486f-a4b3-75c04ecf8880', 1, 'default', 'SIP', sip('default')),
    row('b90f6f54-255a-48b1-afbc-6ab72e4a28a9', 1, 'call', 'SIP', [...sip('call'), b2b]),
    row('4bd33c94-6f7b-4d5e-8d87-324716eb562a', 1, 'registration', 'SIP', sip('registration')),
    row('67aa97a7-4943-45ed-a346-e07dabda53d7', 100, 'default', 'LOG', log),
    row('52f6155e-01e9-4b65-b9d0-51d307327086', 2000, 'default', 'LOKI', {}),
  ]
}

function lookup(source_field: string, lookup_id: number, lookup_profile: string, lookup_field: string) {
  return { source_field, lookup_id, lookup_profile, lookup_field, lookup_range: [-300, 200] }
}

function row(guid: string, hepid: number, profile: string, hep_alias: string, lookups: unknown): StandInRow {
  return {
    guid,
    profile,
    hepid,
    hep_alias,
    partid: 10,
    version: 1,
    retention: 10,
    partition_step: 10,
    create_index: {},
    create_table: 'CREATE TABLE test(id integer, data text);',
    correlation_mapping: lookups,
    fields_mapping: [{ id: 'sid', name: 'Session ID', type: 'string', index: 'secondary', form_type: 'input' }],
    fields_settings: {},
    schema_mapping: {},
    schema_settings: {},
  }
}
