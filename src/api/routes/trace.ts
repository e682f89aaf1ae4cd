/** The trace switch and its scope over HTTP. Decides nothing itself: it checks what was asked and passes it on. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type Type from 'typebox'
import type { SearchProblem } from '../../base/live.js'
import { parseNetwork } from '../../base/network.js'
import type { TraceScope as Scope } from '../../base/status.js'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { answer, refTo, type ScopeBody, TraceRequestBody, TraceStatus } from '../schemas.js'
import { answered, forMs } from './request.js'

const tags = ['trace']

type Asked = Omit<Type.Static<typeof TraceRequestBody>, 'scope'> & { readonly scope?: AskedScope }
export type AskedScope = Type.Static<typeof ScopeBody>

export function traceRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    '/api/v1/tls_trace',
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'The state of the switch', response: answer(200, TraceStatus, 'the state') },
    },
    () => view.trace(),
  )

  app.put<{ Body: Asked }>(
    '/api/v1/tls_trace',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Switch tracing on or off',
        body: refTo(TraceRequestBody),
        response: answer(200, TraceStatus, 'the new state'),
      },
    },
    async (request, reply) => {
      const { trace_mode, for: duration, scope } = request.body
      // A user or a call is on a connection that is open already: without those there would be nothing to see.
      const { existing = scope?.user !== undefined || scope?.call_id !== undefined } = request.body
      if (trace_mode === 'off' && (duration !== undefined || existing || scope !== undefined)) {
        throw new HttpProblem(400, "for, existing and scope go with trace_mode 'on'")
      }
      const by = caller(request)
      const wanted = { trace_mode, forMs: forMs(duration, '/for'), existing, scope: traceScope(scope), by }
      return scopeAnswered(await control.setTrace(wanted), reply)
    },
  )
}

/** The scope as asked for, with its peers as a list. Throws the 400 that names the peer which is none. */
export function traceScope(asked: AskedScope | undefined): Scope | undefined {
  if (asked?.peer === undefined) return asked as Scope | undefined
  const peer = [asked.peer].flat()
  const wrong = peer.findIndex((text) => parseNetwork(text) === undefined)
  if (wrong < 0) return { ...asked, peer }
  const detail = 'scope.peer should be an address or a network such as 203.0.113.0/24'
  const pointer = Array.isArray(asked.peer) ? `/scope/peer/${wrong}` : '/scope/peer'
  throw new HttpProblem(400, detail, { errors: [{ pointer, detail }] })
}

/** As `answered`; the 400 points at the member of the scope that the problem begins with. */
export function scopeAnswered<T extends object>(answer: T | SearchProblem, reply: FastifyReply): T {
  const [, member] = 'problem' in answer ? (/^(\w+): /.exec(answer.problem) ?? []) : []
  if (!('problem' in answer) || member === undefined) return answered(answer, reply)
  const detail = `scope.${answer.problem}`
  throw new HttpProblem(400, detail, { errors: [{ pointer: `/scope/${member}`, detail }] })
}
