/** The HTTP API of a running gateway, as commands use it. Believes no answer that its schema does not allow. */
import type Type from 'typebox'
import { Value } from 'typebox/value'
import { Problem, refTo, sharedSchemas } from '../api/schemas.js'
import { UsageError } from '../base/errors.js'
import { resolveSecret } from '../config/secret.js'
import { surroundings } from '../config/surroundings.js'

/** The gateway refused: its problem document. */
export class ApiProblem extends UsageError {
  readonly errors: readonly { readonly line?: number; readonly column?: number; readonly detail: string }[]

  constructor({ detail, errors = [] }: Type.Static<typeof Problem>) {
    super(detail)
    this.errors = errors
  }
}

const answerTimeoutMs = 10_000
const tokenVariable = 'HEPGATE_TOKEN'

export class ApiClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  /** `token`: `env:NAME` or `file:PATH`. Throws UsageError. */
  constructor(url: string, token: string | undefined) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new UsageError(`--url ${url} is not a URL`)
    this.#url = url.replace(/\/+$/, '')
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
    const response = await this.#fetch(method, path, body)
    const answer: unknown = await response.json().catch(() => undefined)
    if (response.status === 401) {
      throw new UsageError(`${this.#url} wants its token: set ${tokenVariable}, or --token env:NAME or file:PATH`)
    }
    if (!response.ok && Value.Check(Problem, answer)) {
      throw response.status < 500 ? new ApiProblem(answer) : new Error(answer.detail)
    }
    if (!response.ok || !isValid(schema, answer)) {
      throw new Error(`${this.#url} does not answer like the API of hepgate (HTTP ${response.status})`)
    }
    return answer
  }

  async #fetch(method: string, path: string, body: object | undefined): Promise<Response> {
    try {
      return await fetch(this.#url + path, {
        method,
        signal: AbortSignal.timeout(answerTimeoutMs),
        // a redirect would take the token elsewhere
        redirect: 'error',
        headers: body === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    } catch (error) {
      const { cause } = error as Error
      if (isUntrusted(cause)) throw new Error(`${this.#url}: ${cause.message}; ${untrustedAdvice}`)
      const reason = cause instanceof Error ? cause.message || cause.name : (error as Error).message
      throw new Error(`no answer from ${this.#url} (${reason}); is the gateway running? --url says where it is`)
    }
  }
}

/** What schemas refer to, under the names they use for it. */
const referredTo: Record<string, Type.TSchema> = Object.fromEntries(
  sharedSchemas.map((schema) => [refTo(schema).$ref, schema]),
)

function isValid<T extends Type.TSchema>(schema: T, answer: unknown): answer is Type.Static<T> {
  return Value.Check(referredTo, schema, answer)
}

/** Node.js reads the variable when it starts, so no option of ours could stand for it. */
const untrustedAdvice = 'NODE_EXTRA_CA_CERTS=FILE names a CA to trust'

/** OpenSSL's verdicts on a certificate, as Node names them. */
function isUntrusted(cause: unknown): cause is Error {
  const code = cause instanceof Error ? String((cause as NodeJS.ErrnoException).code) : ''
  return /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(code)
}

function readToken(where: string | undefined): string | undefined {
  if (where === undefined) return process.env[tokenVariable]
  if (!/^(env|file):/.test(where)) {
    throw new UsageError(
      '--token takes env:NAME or file:PATH: a token on a command line is seen by everyone on this machine',
    )
  }
  return resolveSecret(where, surroundings({}))
}
