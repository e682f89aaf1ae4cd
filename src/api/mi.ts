/**
 * The management interface of OpenSIPS as JSON-RPC 2.0 over HTTP, so that opensips-cli works here
 * unchanged: it asks `which` first and refuses commands that are not in the answer. The commands are
 * in mi-commands.ts; everything else of hepgate is under /api/v1.
 */
import type { FastifyInstance } from 'fastify'
import { caller } from './caller.js'
import { type Command, invalidParams, type Outcome, type RpcError } from './mi-command.js'
import { commands } from './mi-commands.js'
import type { Ports } from './ports.js'
import { answer, MiRequest, MiResponse, refTo } from './schemas.js'

type Id = string | number | null

type Response = Outcome & { readonly jsonrpc: '2.0'; readonly id: Id }

// JSON-RPC 2.0 §5.1
const parseError: RpcError = { code: -32700, message: 'Parse error' }
const invalidRequest: RpcError = { code: -32600, message: 'Invalid Request' }
const methodNotFound: RpcError = { code: -32601, message: 'Method not found' }
const internalError: RpcError = { code: -32603, message: 'Internal error' }

/** opensips-cli sends none. JSON-RPC 2.0 gives no limit; all answers are held until the last is there. */
const maxBatch = 32
const batchTooLong: RpcError = { ...invalidRequest, data: `more than ${maxBatch} requests in a batch` }
/** In characters, of a batch: some lists of all connections. */
const maxAnswersLength = 16 * 1024 * 1024
/** §5.1: from -32000 to -32099 they are the server's own */
const answersTooLong: RpcError = { code: -32000, message: 'the answers before this one are too long: ask for it alone' }

export function miRoute(app: FastifyInstance, ports: Ports): void {
  // whatever the client calls its body, it is JSON: opensips-cli and old scripts differ
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string) => body)
  app.post<{ Body: string | undefined }>(
    '/mi',
    {
      config: { scope: 'control' },
      schema: {
        tags: ['control'],
        summary: 'JSON-RPC 2.0 as OpenSIPS mi_http speaks it; 204 when nothing but notifications came',
        body: refTo(MiRequest),
        response: answer(200, MiResponse, 'also for errors of JSON-RPC; an array for a batch'),
      },
      // what is wrong with a body is said in JSON-RPC, below
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const text = await answerText(request.body ?? '', ports, caller(request, 'mi'))
      return text === undefined ? reply.code(204).send() : reply.type('application/json').send(text)
    },
  )
}

/** The answer to one HTTP body; undefined where JSON-RPC wants none. */
async function answerText(text: string, ports: Ports, by: string): Promise<string | undefined> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return JSON.stringify(response(null, { error: parseError }))
  }
  if (!Array.isArray(body)) {
    const single = await answerRequest(body, ports, by)
    return single && JSON.stringify(single)
  }
  // §6: an empty array is one invalid request, not a batch of none
  if (body.length === 0) return JSON.stringify(response(null, { error: invalidRequest }))
  if (body.length > maxBatch) return JSON.stringify(response(null, { error: batchTooLong }))
  return answerBatch(body, ports, by)
}

async function answerBatch(requests: readonly unknown[], ports: Ports, by: string): Promise<string | undefined> {
  const texts: string[] = []
  let length = 0
  for (const request of requests) {
    // in order: on, then the state, must say on
    const one = length > maxAnswersLength ? notRun(request) : await answerRequest(request, ports, by)
    if (one === undefined) continue
    const text = JSON.stringify(one)
    texts.push(text)
    length += text.length
  }
  return texts.length === 0 ? undefined : `[${texts.join(',')}]`
}

function notRun(request: unknown): Response | undefined {
  const id = isObject(request) ? request.id : null
  return id === undefined ? undefined : response(isId(id) ? id : null, { error: answersTooLong })
}

async function answerRequest(request: unknown, ports: Ports, by: string): Promise<Response | undefined> {
  if (!isObject(request)) return response(null, { error: invalidRequest })
  const { jsonrpc, method, params = [], id } = request
  const knownId = isId(id) ? id : null
  const valid =
    jsonrpc === '2.0' && typeof method === 'string' && (id === undefined || isId(id)) && isStructured(params)
  if (!valid) return response(knownId, { error: invalidRequest })
  const outcome = await runCommand(method, params, ports, by)
  return id === undefined ? undefined : response(knownId, outcome) // §4.1: no id, no answer
}

async function runCommand(method: string, params: Params, ports: Ports, by: string): Promise<Outcome> {
  const command = commands.get(method)
  if (command === undefined) return { error: methodNotFound }
  const values = namedValues(command, params)
  if (values === undefined) return { error: invalidParams }
  try {
    return await command.run(values, ports, by)
  } catch (error) {
    ports.log.error({ err: error, method }, 'a management command failed')
    return { error: internalError }
  }
}

type Params = readonly unknown[] | Readonly<Record<string, unknown>>

/** Parameters by name, however they came; undefined when the command does not take just these. */
function namedValues({ recipes }: Command, params: Params): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(params)) {
    const recipe = recipes.find(({ length }) => length === params.length)
    return recipe && new Map(recipe.map((name, i) => [name, params[i]]))
  }
  const values = new Map(Object.entries(params))
  const taken = recipes.some((recipe) => recipe.length === values.size && recipe.every((name) => values.has(name)))
  return taken ? values : undefined
}

function response(id: Id, outcome: Outcome): Response {
  return { jsonrpc: '2.0', ...outcome, id }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStructured(value: unknown): value is Params {
  return typeof value === 'object' && value !== null
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === 'string' || typeof value === 'number'
}
