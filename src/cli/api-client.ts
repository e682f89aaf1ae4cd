/** The HTTP API of a running gateway, as commands use it. Believes no answer that its schema does not allow. */
import type Type from 'typebox'
import { Value } from 'typebox/value'
import { Problem, refTo, sharedSchemas } from '../api/schemas.js'
import { UsageError } from '../base/errors.js'
import { reach, serverUrl } from './reach.js'
import { secretOption } from './secret-option.js'

/** The gateway refused: its problem document. */
export class ApiProblem extends UsageError {
  readonly errors: readonly { readonly line?: number; readonly column?: number; readonly detail: string }[]

  constructor({ detail, errors = [] }: Type.Static<typeof Problem>) {
    super(detail)
    this.errors = errors
  }
}

const tokenVariable = 'HEPGATE_TOKEN'
const advice = 'is the gateway running? --url says where it is'

export class ApiClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  /** `token`: `env:NAME` or `file:PATH`. Throws UsageError. */
  constructor(url: string, token: string | undefined) {
    this.#url = serverUrl(url)
    const secret = readToken(token)
    this.#headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` }
  }

  get<T extends Type.TSchema>(path: string, schema: T): Promise<Type.Static<T>> {
    return this.#request('GET', path, undefined, schema)
  }

  put<T extends Type.TSchema>(path: string, body: object, schema: T): Promise<Type.Static<T>> {
    return this.#request('PUT', path, body, schema)
  }

  post<T extends Type.TSchema>(path: string, body: object, schema: T): Promise<Type.Static<T>> {
    return this.#request('POST', path, body, schema)
  }

  /** Throws ApiProblem for what the gateway refuses, UsageError for a token it does not take, Error for the rest. */
  async #request<T extends Type.TSchema>(
    method: string,
    path: string,
    body: object | undefined,
    schema: T,
  ): Promise<Type.Static<T>> {
    const { status, body: answer } = await reach(this.#url, { method, path, headers: this.#headers, body }, advice)
    if (status === 401) {
      throw new UsageError(`${this.#url} wants its token: set ${tokenVariable}, or --token env:NAME or file:PATH`)
    }
    const isFine = status >= 200 && status < 300
    if (!isFine && Value.Check(Problem, answer)) {
      throw status < 500 ? new ApiProblem(answer) : new Error(answer.detail)
    }
    if (!isFine || !isValid(schema, answer)) {
      throw new Error(`${this.#url} does not answer like the API of hepgate (HTTP ${status})`)
    }
    return answer
  }
}

/** What schemas refer to, under the names they use for it. */
const referredTo: Record<string, Type.TSchema> = Object.fromEntries(
  sharedSchemas.map((schema) => [refTo(schema).$ref, schema]),
)

function isValid<T extends Type.TSchema>(schema: T, answer: unknown): answer is Type.Static<T> {
  return Value.Check(referredTo, schema, answer)
}

function readToken(where: string | undefined): string | undefined {
  if (where === undefined) return process.env[tokenVariable]
  return secretOption('--token', where, 'token')
}
