/**
 * Requests to the API of the gateway this page came from. What is not a good answer is thrown as ApiError, with the
 * sentence of its problem document (RFC 9457). A 401 asks the person for a token and tries again.
 */
import { askForToken, authorization } from './session.js'

/** Where something is wrong: in a body by JSON pointer, in a text by line and column (1-based). */
export interface ProblemPart {
  readonly pointer?: string
  readonly line?: number
  readonly column?: number
  readonly detail: string
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0: no answer came */
  readonly status: number
  readonly detail: string
  readonly errors: readonly ProblemPart[]
  /** when to try again, where the gateway said so */
  readonly retryAfterMs: number | undefined

  constructor(status: number, detail: string, errors: readonly ProblemPart[] = [], retryAfterMs?: number) {
    super(detail)
    this.status = status
    this.detail = detail
    this.errors = errors
    this.retryAfterMs = retryAfterMs
  }
}

export interface RequestOptions {
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export const api = {
  get: <T>(path: string, options?: RequestOptions) => request<T>('GET', path, options),
  post: <T>(path: string, body?: unknown) => request<T>('POST', path, { body }),
  put: <T>(path: string, body?: unknown) => request<T>('PUT', path, { body }),
  delete: <T>(path: string) => request<T>('DELETE', path),
}

/** `query({limit: 10, search: undefined})` is `?limit=10`; empty values are left out. */
export function query(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

/** Fetches a file with the token and hands it to the browser to save. */
export async function download(path: string, fileName: string): Promise<void> {
  const response = await send('GET', path)
  save(await response.blob(), fileName)
}

/** Hands a file to the browser to save. */
export function save(file: Blob, fileName: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // the browser has to have begun before the address goes
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

async function request<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
  const response = await send(method, path, options)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return (text === '' ? undefined : isJson ? JSON.parse(text) : text) as T
}

/** A good answer, or ApiError. `path` is below /api/v1. */
export async function send(
  method: string,
  path: string,
  { body, signal }: RequestOptions = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      ...headers,
      ...authorization(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    cache: 'no-store',
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'The gateway does not answer.')
  })
  if (response.ok) return response
  const problem = await problemOf(response)
  if (response.status !== 401) throw problem
  await askForToken(problem.detail)
  return send(method, path, { body, ...(signal === undefined ? {} : { signal }) }, headers)
}

async function problemOf(response: Response): Promise<ApiError> {
  const { detail, errors } = (await response.json().catch(() => ({}))) as { detail?: string; errors?: ProblemPart[] }
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(
    response.status,
    detail ?? `The gateway answered ${response.status} ${response.statusText}.`,
    errors,
    Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
  )
}
