/** The OpenAPI document of the API as tests read it: its operations, and a check of what an answer may be. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'

interface MediaType {
  readonly schema: object
}

export interface DescribedOperation {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly { readonly token: readonly string[] }[]
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, MediaType>> }>
  >
}

export interface ApiDocument {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

export async function documentOf(api: FastifyInstance): Promise<ApiDocument> {
  return (await api.inject('/api/v1/openapi.json')).json()
}

/** `GET /api/v1/status` and what is said of it. */
export function describedOperations({ paths }: ApiDocument): [key: string, operation: DescribedOperation][] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, DescribedOperation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
}

/** What an operation asks of its callers: any of the scopes in its security, or nothing. */
export function scopesOf({ security = [] }: DescribedOperation): string[] {
  return security.flatMap(({ token }) => token)
}

export type Check = (schema: object, value: unknown) => string[]

/** Validates against the schemas of the document, with this difference: what a schema does not name is a fault. */
export function checker(document: ApiDocument): Check {
  const ajv = new Ajv2020({ strict: true, allErrors: true, validateFormats: true })
  formats.default(ajv)
  ajv.addVocabulary(['components', 'example'])
  ajv.addSchema({ $id: 'openapi', components: nothingUnnamed(document.components) as object })
  return (schema, value) => {
    const local = JSON.parse(JSON.stringify(nothingUnnamed(schema)).replaceAll('"#/', '"openapi#/'))
    const valid = ajv.compile(local)
    return valid(value)
      ? []
      : (valid.errors ?? []).map(
          ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
        )
  }
}

function nothingUnnamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nothingUnnamed)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, nothingUnnamed(one)]))
  const isObjectSchema = copy.type === 'object' && 'properties' in copy && !('additionalProperties' in copy)
  return isObjectSchema ? { ...copy, additionalProperties: false } : copy
}
