/**
 * The bodies of the API, each written once: validation, serialization and the OpenAPI document all
 * use these. What a schema of an answer does not name never leaves the gateway.
 */
import { problemType } from './errors.js'
import { CallsQuery, callSchemas } from './schemas/call.js'
import { CollectedPackets, CollectedQueryString } from './schemas/collector.js'
import { CloseQuery, ConnectionsQuery, connectionSchemas } from './schemas/connection.js'
import { logSchemas } from './schemas/log.js'
import { MiRequest, MiResponse } from './schemas/mi.js'
import { overviewSchemas } from './schemas/overview.js'
import { Problem } from './schemas/problem.js'
import { statusSchemas } from './schemas/status.js'
import { CaptureQuery, EventsQuery, KeysQuery, streamSchemas } from './schemas/stream.js'
import { traceSchemas } from './schemas/trace.js'

export * from './schemas/call.js'
export * from './schemas/collector.js'
export * from './schemas/connection.js'
export * from './schemas/log.js'
export * from './schemas/mi.js'
export * from './schemas/overview.js'
export * from './schemas/problem.js'
export * from './schemas/status.js'
export * from './schemas/stream.js'
export * from './schemas/trace.js'

/** Everything other schemas or the OpenAPI document refer to by name. */
export const sharedSchemas = [
  Problem,
  ...traceSchemas,
  ...connectionSchemas,
  ...callSchemas,
  ...overviewSchemas,
  ...streamSchemas,
  ...statusSchemas,
  ...logSchemas,
  CollectedPackets,
  MiRequest,
  MiResponse,
  CollectedQueryString,
  ConnectionsQuery,
  CloseQuery,
  CallsQuery,
  EventsQuery,
  CaptureQuery,
  KeysQuery,
] as const

type SharedSchema = (typeof sharedSchemas)[number]

const problems = {
  default: { description: 'a problem document', content: { [problemType]: { schema: refTo(Problem) } } },
}

/** The `response` of a route: its good answer, in other forms too if there are any, and a problem document for everything else. */
export function answer(
  status: number,
  body: SharedSchema,
  description: string,
  otherForms: Readonly<Record<string, { readonly schema: object }>> = {},
) {
  const content = { ...otherForms, 'application/json': { schema: refTo(body) } }
  return { [status]: { description, content }, ...problems }
}

/** The `response` of a route that has nothing to say when all went well. */
export function noContent(description: string) {
  return { 204: { description, type: 'null' }, ...problems }
}

/** The `response` of a route whose good answer is a text or a file. */
export function fileAnswer(mediaType: string, description: string, schema: object = { type: 'string' }) {
  return { 200: { description, content: { [mediaType]: { schema } } }, ...problems }
}

export function refTo(schema: SharedSchema) {
  return { $ref: `${schema.$id}#` }
}
