/**
 * Captures for Wireshark: of a connection, of a call, of all that matches a filter, also while it goes on. Pieces are
 * sent as fast as the client takes them. The file is made in live/; who may have keys in it is decided here.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { CaptureRequest } from '../../base/live.js'
import type { Log } from '../../base/log.js'
import { caller, demandScope } from '../caller.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { CaptureQuery, fileAnswer, KeysQuery, refTo } from '../schemas.js'
import { type CallParams, callParams } from './calls.js'
import { type ConnectionParams, connectionFilter, connectionParams, type SearchAsked } from './connections.js'
import { answered, forMs, typedQuery } from './request.js'

/** IANA has a type for files of the older format only (`application/vnd.tcpdump.pcap`); this is what systems know. */
const mediaType = 'application/x-pcapng'

interface KeysAsked {
  readonly keys?: boolean
}

interface FilterAsked extends KeysAsked, SearchAsked {
  readonly follow?: boolean
  readonly for?: string
}

interface Asked extends Pick<CaptureRequest, 'connId' | 'callId' | 'filter'> {
  readonly follow?: boolean | undefined
  readonly keys?: boolean | undefined
  /** with follow: the end, in ms */
  readonly forMs?: number | undefined
  /** for the name of the file */
  readonly label: string
}

export function captureRoutes(app: FastifyInstance, ports: Ports): void {
  app.get<{ Params: ConnectionParams; Querystring: KeysAsked }>(
    '/api/v1/connections/:conn_id/pcapng',
    captureOptions('Its traced messages as a pcapng file', KeysQuery, connectionParams),
    (request, reply) => {
      const { conn_id } = request.params
      return sendCapture(request, reply, ports, { connId: conn_id, keys: request.query.keys, label: conn_id })
    },
  )

  app.get<{ Params: CallParams; Querystring: KeysAsked }>(
    '/api/v1/calls/:call_id/pcapng',
    captureOptions('Its messages across all legs as a pcapng file', KeysQuery, callParams),
    (request, reply) => {
      const { call_id } = request.params
      return sendCapture(request, reply, ports, { callId: call_id, keys: request.query.keys, label: call_id })
    },
  )

  app.get<{ Querystring: FilterAsked }>(
    '/api/v1/pcapng',
    captureOptions('Everything traced that matches as a pcapng file, with follow=true as it comes', CaptureQuery),
    (request, reply) => {
      const { follow = false, for: duration, keys } = request.query
      if (duration !== undefined && !follow) throw new HttpProblem(400, 'for goes with follow=true')
      const filter = connectionFilter(request.query)
      const label = new Date().toISOString().slice(0, 19)
      return sendCapture(request, reply, ports, { filter, follow, forMs: forMs(duration), keys, label })
    },
  )
}

function captureOptions(
  summary: string,
  query: Parameters<typeof refTo>[0],
  params?: object,
): RouteShorthandOptions & { schema: object } {
  const schema = {
    tags: ['captures'],
    summary,
    ...(params !== undefined && { params }),
    querystring: refTo(query),
    response: fileAnswer(mediaType, 'the file', { type: 'string', contentMediaType: mediaType }),
  }
  return { config: { scope: 'read', stream: 'capture' }, exposeHeadRoute: false, schema, preValidation: typedQuery }
}

async function sendCapture(
  request: FastifyRequest,
  reply: FastifyReply,
  { view, control, log }: Ports,
  { follow = false, keys = false, forMs, label, ...which }: Asked,
): Promise<FastifyReply> {
  if (keys) demandScope(request, reply, 'secrets')
  const over = endOf(reply, forMs)
  const pieces = await view.capture({ ...which, follow, keys, signal: over })
  if (pieces === undefined) throw new HttpProblem(404, 'nothing of it was traced, or it is forgotten')
  const file = answered(pieces, reply)
  if (keys)
    control.note({ by: caller(request), action: 'keys-taken', what: `took a capture with keys: ${subjectOf(which)}` })
  return reply
    .type(mediaType)
    .header('content-disposition', `attachment; filename="${fileName(label)}"`)
    .send(Readable.from(untilOver(file, over, log), { objectMode: false }))
}

/** For the audit list. */
function subjectOf({ connId, callId, filter = {} }: Pick<CaptureRequest, 'connId' | 'callId' | 'filter'>): string {
  if (connId !== undefined) return `connection ${connId}`
  if (callId !== undefined) return `call ${callId}`
  const terms = Object.entries(filter.fields ?? {}).map(([name, value]) => `${name}:${value}`)
  return [filter.search, ...terms].filter(Boolean).join(' ') || 'everything'
}

/** Aborted when the client is gone, has everything, or its time is up. */
function endOf(reply: FastifyReply, afterMs: number | undefined): AbortSignal {
  const over = new AbortController()
  const timer = afterMs === undefined ? undefined : setTimeout(() => over.abort(), afterMs)
  reply.raw.once('close', () => {
    clearTimeout(timer)
    over.abort()
  })
  return over.signal
}

/** What fails once the answer has begun can only cut it short: the log says why. */
async function* untilOver(pieces: AsyncIterable<Buffer>, over: AbortSignal, log: Log): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (error) {
    if (over.aborted) return
    log.error({ err: error }, 'a capture failed')
    throw error
  }
}

/** A Call-ID may hold anything (RFC 3261 §25.1): what a file system or a header field would mind is left out. */
function fileName(label: string): string {
  return `hepgate-${label.replace(/[^A-Za-z0-9.-]+/g, '_').slice(0, 80)}.pcapng`
}
