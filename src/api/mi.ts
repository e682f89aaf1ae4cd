/**
 * The management interface of OpenSIPS as JSON-RPC 2.0 over HTTP, so that opensips-cli works here
 * unchanged: it asks `which` first and refuses commands that are not in the answer. It holds only
 * the commands of proto_tls; everything else of hepgate is under /api/v1.
 */
import type { FastifyInstance } from 'fastify'
import { caller } from './auth.js'
import type { Ports } from './ports.js'
import { answer, MiRequest, MiResponse, refTo } from './schemas.js'

type Id = string | number | null

interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: string
}

/** What a command says: a result, or an error. */
type Outcome = { readonly result: unknown } | { readonly error: RpcError }

type Response = Outcome & { readonly jsonrpc: '2.0'; readonly id: Id }

interface Command {
  /** names of the parameters, in the order of positional ones */
  readonly parameters: readonly string[]
  run(values: ReadonlyMap<string, unknown>, ports: Ports, by: string): Promise<Outcome>
}

// JSON-RPC 2.0 §5.1
const parseError: RpcError = { code: -32700, message: 'Parse error' }
const invalidRequest: RpcError = { code: -32600, message: 'Invalid Request' }
const methodNotFound: RpcError = { code: -32601, message: 'Method not found' }
const invalidParams: RpcError = { code: -32602, message: 'Invalid params' }
const internalError: RpcError = { code: -32603, message: 'Internal error' }
// proto_tls
const badParameter: RpcError = { code: 500, message: 'Bad parameter value', data: "trace_mode should be 'on' or 'off'" }

const tlsTrace: Command = {
  parameters: ['trace_mode'],
  async run(values, { view, control }, by) {
    if (!values.has('trace_mode')) return { result: { 'TLS tracing': (await view.trace()).trace_mode } }
    const trace_mode = traceMode(values.get('trace_mode'))
    if (trace_mode === undefined) return { error: badParameter }
    await control.setTrace({ trace_mode, by })
    return { result: 'OK' }
  },
}

const which: Command = {
  parameters: [],
  run: async () => ({ result: [...commands.keys()] }),
}

const commands: ReadonlyMap<string, Command> = new Map([
  ['tls_trace', tlsTrace],
  // the same with the name of its module before it
  ['tls:trace', tlsTrace],
  ['which', which],
])

export function miRoute(app: FastifyInstance, ports: Ports): void {
  // whatever the client calls its body, it is JSON: opensips-cli and old scripts differ
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string) => body)
  app.post<{ Body: string | undefined }>(
    '/mi',
    {
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
  const responses: Response[] = []
  for (const request of body) {
    const one = await answerRequest(request, ports, by) // in order: on, then the state, must say on
    if (one !== undefined) responses.push(one)
  }
  return responses.length === 0 ? undefined : JSON.stringify(responses)
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

/** Parameters by name, however they came; undefined when there are more or others than the command takes. */
function namedValues(command: Command, params: Params): ReadonlyMap<string, unknown> | undefined {
  const entries = Array.isArray(params)
    ? params.map((value, i): [string | undefined, unknown] => [command.parameters[i], value])
    : Object.entries(params)
  const values = new Map<string, unknown>()
  for (const [name, value] of entries) {
    if (name === undefined || !command.parameters.includes(name)) return undefined
    values.set(name, value)
  }
  return values
}

function response(id: Id, outcome: Outcome): Response {
  return { jsonrpc: '2.0', ...outcome, id }
}

/** As proto_tls reads it: case does not matter. */
function traceMode(value: unknown): 'on' | 'off' | undefined {
  const mode = typeof value === 'string' ? value.toLowerCase() : undefined
  return mode === 'on' || mode === 'off' ? mode : undefined
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
