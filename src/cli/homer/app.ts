/**
 * homer-app, the web server of Homer 7, as far as its protocol mappings go. Believes no answer that has another shape,
 * and says of one what to do about it. Changes nothing but by `update`.
 */
import Type from 'typebox'
import { Value } from 'typebox/value'
import { UsageError } from '../../base/errors.js'
import { oneLine } from '../one-line.js'
import { type Answer, reach } from '../reach.js'
import type { MappingRow } from './mapping.js'

export type Login =
  | { readonly user: string; readonly password: string }
  /** an Auth-Token of Homer: Settings, API Auth Tokens */
  | { readonly token: string }

/** What answers there. */
export type Homer =
  | { readonly generation: 7; readonly app: HomerApp }
  | { readonly generation: 11; readonly version: string }

const advice = "is it the address of Homer's web interface?"

const Health11 = Type.Object({ module: Type.Literal('coordinator'), version: Type.String() })
/** what a header can hold */
const Session = Type.Object({ token: Type.String({ pattern: '^[\\x21-\\x7e]+$' }) })
const Row = Type.Object({
  guid: Type.String({ pattern: '^[0-9A-Fa-f-]+$' }),
  hepid: Type.Integer(),
  profile: Type.String(),
  correlation_mapping: Type.Unknown(),
})
const Rows = Type.Object({ data: Type.Array(Row) })
const Refusal = Type.Object({ message: Type.String() })

/**
 * homer-app insists on these. What else it is not sent it leaves alone, and so do we: large numbers in the JSON of others
 * would be others after JSON.parse.
 */
const requiredColumns = ['profile', 'hepid', 'partid', 'version', 'retention', 'partition_step'] as const

const maxMessageChars = 300

/** Finds out what is there, and logs in to a Homer 7. Throws UsageError for what the user can mend, Error for the rest. */
export async function openHomer(url: string, login: () => Login): Promise<Homer> {
  const health = await request(url, 'GET', '/api/v4/health', {})
  if (health.status === 200 && Value.Check(Health11, health.body)) {
    return { generation: 11, version: sayable(health.body.version) }
  }
  return { generation: 7, app: new HomerApp(url, await headersFor(url, login())) }
}

export class HomerApp {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = url
    this.#headers = headers
  }

  /** All mappings, with everything they have. */
  async rows(): Promise<readonly MappingRow[]> {
    const { status, body } = await request(this.#url, 'GET', '/api/v3/mapping/protocol', this.#headers)
    if (status === 200 && Value.Check(Rows, body)) return body.data as readonly MappingRow[]
    const message = messageOf(body)
    if (message === 'data was not found') {
      throw new Error(`${this.#url} has no mappings at all: its database was not populated (-populate-table-db-config)`)
    }
    if ('auth-token' in this.#headers && isNotLoggedIn(status, message)) throw new UsageError(tokenAdvice(this.#url))
    throw notHomer(this.#url, 'GET /api/v3/mapping/protocol', status, message)
  }

  /** Throws UsageError where this user may not. */
  async update(row: MappingRow, correlation_mapping: unknown): Promise<void> {
    const path = `/api/v3/mapping/protocol/${row.guid}`
    const columns = Object.fromEntries(requiredColumns.map((name) => [name, row[name]]))
    const { status, body } = await request(this.#url, 'PUT', path, this.#headers, { ...columns, correlation_mapping })
    if (status === 200) return
    const message = messageOf(body)
    if (status === 403) throw new UsageError(`${this.#url} changes mappings for its administrators only: ${message}`)
    throw new Error(`${this.#url} did not take the mapping (HTTP ${status}: ${message ?? 'no reason'})`)
  }
}

async function headersFor(url: string, login: Login): Promise<Record<string, string>> {
  if ('token' in login) return { 'auth-token': login.token }
  const { user: username, password } = login
  const { status, body } = await request(url, 'POST', '/api/v3/auth', {}, { username, password })
  if (status === 201 && Value.Check(Session, body)) return { authorization: `Bearer ${body.token}` }
  const message = messageOf(body)
  if (status === 401) throw new UsageError(`${url} does not let ${username} in: ${message ?? 'wrong password'}`)
  throw notHomer(url, 'POST /api/v3/auth', status, message)
}

/** homer-app answers 400 to who comes without a login, and takes a token it does not like for none. */
function isNotLoggedIn(status: number, message: string | undefined): boolean {
  return status === 401 || (status === 400 && message !== undefined && /jwt/.test(message))
}

/** The entry script of its image writes HOMER_ENABLE_API into another key than homer-app reads (1.5.20). */
function tokenAdvice(url: string): string {
  return (
    `${url} does not take the token: it is wrong, over or not active, or tokens are off. They are on with ` +
    '"api_settings": {"enable_token_access": true} in webapp_config.json; HOMER_ENABLE_API does not do it. ' +
    'Or use --user and --password'
  )
}

function notHomer(url: string, what: string, status: number, message: string | undefined): Error {
  const said = message === undefined ? '' : `: ${message}`
  return new Error(`${url} does not answer like Homer 7 (${what}: HTTP ${status}${said}); ${advice}`)
}

function messageOf(body: unknown): string | undefined {
  return Value.Check(Refusal, body) ? sayable(body.message) : undefined
}

function sayable(text: string): string {
  return oneLine(text.slice(0, maxMessageChars))
}

function request(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: object,
): Promise<Answer> {
  return reach(url, { method, path, headers, body }, advice)
}
