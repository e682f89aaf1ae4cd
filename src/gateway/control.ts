/**
 * What can be changed while the gateway runs, by whoever may. Every change is noted for the audit list; nothing is
 * decided here but which part has to do it.
 */
import { endpointText } from '../base/address.js'
import type { SearchProblem } from '../base/live.js'
import type {
  ChangeResult,
  DestinationTest,
  DryRun,
  FilterView,
  GatewayControl,
  LogRequest,
  PickRequest,
  RouteProblem,
  TraceRequest,
} from '../base/ports.js'
import type { LogStatus, TraceScope, TraceStatus } from '../base/status.js'
import { configuredFilter, filterOfText } from '../trace/filter/configured.js'
import { scopeProblem } from '../trace/scope.js'
import type { Parts } from './parts.js'
import type { Reloads } from './reloads.js'
import { filterView, traceStatus } from './view.js'

export class Control implements GatewayControl {
  readonly #parts: Parts
  readonly #reloads: Reloads

  constructor(parts: Parts, reloads: Reloads) {
    this.#parts = parts
    this.#reloads = reloads
  }

  async setTrace(request: TraceRequest): Promise<TraceStatus | SearchProblem> {
    const problem = request.scope && scopeProblem(request.scope)
    if (problem !== undefined) return { problem }
    this.#parts.running.gate.set(request)
    const status = traceStatus(this.#parts)
    const { by, trace_mode, scope, existing } = request
    const narrowed = scope === undefined ? '' : `, narrowed to ${scopeText(scope)}`
    const all = existing === true ? ', open connections too' : ''
    const what = trace_mode === 'on' ? `tracing switched on${narrowed}${all}` : 'tracing switched off'
    this.#parts.note({ by, action: `trace-${trace_mode}`, what, until: status.until })
    return status
  }

  async pick({ id, on, forMs, by }: PickRequest): Promise<boolean> {
    const connection = this.#parts.connections.get(id)
    if (connection === undefined) return false
    this.#parts.running.gate.pick(connection.facts, { on, forMs, by })
    const until = this.#parts.running.gate.status().picked.find(({ conn_id }) => conn_id === id)?.until
    const named = `connection ${id} of ${endpointText(connection.facts.peer)}`
    const what = `${named} ${on ? 'is traced on its own' : 'is no longer traced on its own'}`
    this.#parts.note({ by, action: on ? 'pick-on' : 'pick-off', what, until })
    return true
  }

  async setLog({ by, ...request }: LogRequest): Promise<LogStatus> {
    this.#parts.logLevels.set(request)
    const status = this.#parts.logLevels.status()
    const { component, level } = request
    const whose = component ?? 'all components'
    const what =
      level === undefined ? `log level of ${whose} is as configured again` : `log level of ${whose} set to ${level}`
    const until = status.components.find((one) => component === undefined || one.component === component)?.until
    this.#parts.note({ by, action: 'log-level', what, until })
    return status
  }

  async setFilter(text: string, by: string): Promise<DryRun | { problems: RouteProblem[] }> {
    const compiled = filterOfText(this.#parts.config, text)
    if ('problems' in compiled) return compiled
    const { gate, live } = this.#parts.running
    const run = await live.walks.inTurn(() => gate.dryRun(compiled.filter))
    gate.setFilter(compiled.filter, 'api')
    this.#parts.filterText = text
    this.#parts.note({
      by,
      action: 'filter-set',
      what: `trace filter replaced; ${run.traced} of ${run.total} match: ${shortText(text)}`,
    })
    return run
  }

  async resetFilter(by: string): Promise<FilterView> {
    this.#parts.running.gate.setFilter(await configuredFilter(this.#parts.config), 'config')
    this.#parts.note({ by, action: 'filter-reset', what: 'trace filter is that of the configuration again' })
    return filterView(this.#parts)
  }

  async pauseDestination(id: string, paused: boolean, by: string): Promise<boolean> {
    if (!this.#parts.running.destinations.pause(id, paused)) return false
    const [action, what] = paused ? ['destination-paused', 'paused'] : ['destination-resumed', 'resumed']
    this.#parts.note({ by, action, what: `HEP destination ${id} ${what}` })
    return true
  }

  async testDestination(id: string, by: string): Promise<DestinationTest | undefined> {
    const test = await this.#parts.running.destinations.test(id)
    if (test === undefined) return undefined
    const { sent, correlation_id, problem } = test
    const outcome = sent ? `sent, ${correlation_id}` : problem
    this.#parts.note({ by, action: 'destination-tested', what: `probe to HEP destination ${id}: ${outcome}`, ok: sent })
    return test
  }

  async closeConnection(id: string, by: string, reason?: string): Promise<boolean> {
    const connection = this.#parts.connections.get(id)
    if (connection === undefined) return false
    const why = reason === undefined ? '' : `: ${reason}`
    const what = `connection ${id} of ${endpointText(connection.facts.peer)} closed${why}`
    const message = `closed by an operator${why}`
    this.#parts.note({ by, action: 'connection-closed', what })
    if (connection.state === 'opening') connection.close('killed', message)
    else connection.end('killed', message)
    return true
  }

  async keylog(id: string, by: string): Promise<readonly string[] | undefined> {
    const lines = this.#parts.running.live.keylog(id)
    if (lines !== undefined && lines.length > 0) {
      this.#parts.note({ by, action: 'keys-taken', what: `took the key log of connection ${id}` })
    }
    return lines
  }

  reload(by: string): Promise<ChangeResult> {
    return this.#reloads.all(by)
  }

  reloadDomains(by: string): Promise<ChangeResult> {
    return this.#reloads.domains(by)
  }

  note(entry: { readonly by: string; readonly action: string; readonly what: string }): void {
    this.#parts.note(entry)
  }
}

/** In one line: the audit list is to say what it was, not to hold it. */
function shortText(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= 200 ? line : `${line.slice(0, 200)} …`
}

/** `peer 203.0.113.9, user alice` */
function scopeText({ peer, sni, user, call_id }: TraceScope): string {
  const parts = { peer: peer?.join(' '), sni, user, 'Call-ID': call_id }
  return Object.entries(parts)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ')
}
