/**
 * Every error of the API as a problem document (RFC 9457), whoever found it: a route, the schema, the
 * framework or the HTTP parser. It never repeats a body or a query, and never tells of our insides.
 */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../base/log.js'

export const problemType = 'application/problem+json'

/** One thing that is wrong: where (in the body, a JSON pointer; in a text, line and column), and what. */
export interface ProblemError {
  readonly pointer?: string
  readonly line?: number
  readonly column?: number
  readonly detail: string
}

/** What a route throws to answer with a problem document. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly statusCode: number
  /** members beside those of RFC 9457 §3.1 */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(statusCode: number, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.statusCode = statusCode
    this.extra = extra
  }
}

/** How long whoever found no room should wait, in s. */
const retryAfterSeconds = 10

/** Nothing is wrong with the request: there is no room for it now. */
export function noRoom(reply: FastifyReply, detail: string): HttpProblem {
  reply.header('retry-after', retryAfterSeconds)
  return new HttpProblem(503, detail)
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  // a string goes out as it is: response schemas are for answers that went well
  return reply
    .code(status)
    .type(problemType)
    .send(problemText(status, detail, pathOf(reply.request.url), extra))
}

/** The answer for whatever was thrown on the way. */
export function errorHandler(log: Log) {
  return (error: FastifyError | HttpProblem, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof HttpProblem) return sendProblem(reply, error.statusCode, error.message, error.extra)
    if (error.validation !== undefined) {
      const errors = withoutBranches(error.validation).map((one) => schemaError(one, error.validationContext))
      return sendProblem(reply, 400, errors.map((e) => e.detail).join('; '), { errors })
    }
    const status = error.statusCode ?? 500
    // our own fault: the log gets the error, the caller only that there was one
    if (status >= 500) {
      log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request to the API failed')
      return sendProblem(reply, status, 'the request failed inside the gateway; its log says why')
    }
    return sendProblem(reply, status, frameworkDetail(error))
  }
}

/** For requests so broken that there is no request: the answer is written by hand. */
export function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const body = problemText(status, clientErrorDetails[status], undefined)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${problemType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  // Who neither reads nor closes would keep one of the few connections for ever.
  setTimeout(() => socket.destroy(), lastWordMs).unref()
}

/** At once would be a reset where more is on its way to us, and the client would not see why. */
const lastWordMs = 1000

const clientErrorDetails = {
  400: 'this is not an HTTP request',
  408: 'the request was not complete in time',
  431: 'the header fields of the request are too large',
} as const

function problemText(
  status: number,
  detail: string,
  instance: string | undefined,
  extra: Readonly<Record<string, unknown>> = {},
): string {
  // RFC 9457 §4.2.1: about:blank says that title is the HTTP status phrase
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail, instance, ...extra })
}

/** Without the query, which may hold what should not be repeated. */
function pathOf(url: string): string {
  return url.split('?', 1)[0]
}

type SchemaError = NonNullable<FastifyError['validation']>[number]

/** Where there is a choice of forms, what is wrong for each of them says less than that none of them fits. */
function withoutBranches(errors: readonly SchemaError[]): readonly SchemaError[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => `${schemaPath}/`)
  return errors.filter(({ schemaPath }) => !choices.some((choice) => schemaPath.startsWith(choice)))
}

function schemaError({ instancePath, keyword, params, message }: SchemaError, context = 'body'): ProblemError {
  const isBody = context === 'body'
  const whole = isBody ? 'the body' : 'the query'
  const name = instancePath === '' ? whole : instancePath.slice(1).replaceAll('/', '.')
  const detail = `${name} ${expectation(keyword, params) ?? message}`
  return isBody ? { pointer: instancePath, detail } : { detail }
}

/** The keywords our schemas use, in words; ajv's own for any other. */
function expectation(keyword: string, params: SchemaError['params']): string | undefined {
  switch (keyword) {
    case 'enum':
      return `should be ${(params.allowedValues as (string | null)[]).map(quoted).join(' or ')}`
    case 'type':
      return `should be of type ${params.type}`
    case 'minimum':
      return `should be at least ${params.limit}`
    case 'maximum':
      return `should be at most ${params.limit}`
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return 'should not be empty'
    case 'maxLength':
      return `should have at most ${params.limit} characters`
    case 'maxItems':
      return `should have at most ${params.limit} members`
    case 'anyOf':
      return 'has none of the forms it may have'
    case 'required':
      return `lacks '${params.missingProperty}'`
    case 'additionalProperties':
      return `has an unknown member '${params.additionalProperty}'`
    default:
      return undefined
  }
}

function quoted(value: string | null): string {
  return value === null ? 'null' : `'${value}'`
}

/** The framework's own sentences, in ours where a person will meet them. */
function frameworkDetail(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'the body should be application/json'
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'the body is too large'
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return 'the body is not JSON'
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return 'a part of the path is too long'
    case 'FST_ERR_BAD_URL':
      return 'the path is not a valid one'
    default:
      return error.message
  }
}
