/** A gateway without sockets behind the two ports: it holds what a test gives it and writes down what it is told. */
import type {
  CallRow,
  CaptureRequest,
  ConnectionRow,
  Overview,
  Page,
  SearchProblem,
  Viewer,
  WatchRequest,
} from '../../src/base/live.js'
import { logComponents } from '../../src/base/log.js'
import type { DryRun, GatewayControl, GatewayView, Readiness, RouteProblem } from '../../src/base/ports.js'
import type { GatewayStatus, LogStatus, TraceStatus } from '../../src/base/status.js'
import { fullSamples, type Samples } from './api-samples.js'

/** Somebody who watches, until `stopped`. */
export interface Watch {
  readonly request: WatchRequest
  readonly viewer: Viewer
  stopped: boolean
}

export class FakeGateway {
  /** every question that depends on what was asked, and every order: name and arguments, without what is undefined */
  readonly calls: [string, ...unknown[]][] = []
  /** what it tells where a test says nothing else */
  samples: Samples = fullSamples
  mode: 'on' | 'off' = 'off'
  until: string | undefined
  ready: Readiness = { ready: true, reasons: [] }
  rows: Page<ConnectionRow> | SearchProblem = { rows: [], total: 0 }
  callRows: Page<CallRow> | SearchProblem = { rows: [], total: 0 }
  /** ids of the connections and calls that there are */
  known = new Set(['12'])
  filterAnswer: DryRun | { problems: RouteProblem[] } = { total: 0, traced: 0, matches: [] }
  /** why a scope is none, or cannot be tried now */
  scopeRefusal: SearchProblem | undefined
  /** undefined: there is no collector */
  packets: readonly string[] | undefined = []
  /** undefined: nothing is measured */
  metricsText: string | undefined = '# HELP hepgate_ready What /readyz says: 1 ready, 0 not.\n'
  logStatus: LogStatus = {
    components: logComponents.map((component) => ({
      component,
      level: 'info',
      configured: 'info',
      until: undefined,
    })),
    repeats: 0,
  }
  reloadAnswer: { ok: boolean; problems: readonly string[] } = { ok: true, problems: [] }
  /** of every connection there is */
  keylog: readonly string[] = []
  /** the pieces of a file; a function: made for the request */
  file: Buffer[] | SearchProblem | undefined | ((request: CaptureRequest) => AsyncIterable<Buffer>) = []
  readonly watches: Watch[] = []
  /** why nobody may watch */
  watchRefusal: SearchProblem | undefined
  /** what happens when somebody watches */
  onWatch: (watch: Watch) => void = () => {}
  /** thrown by everything that is asked */
  failure: Error | undefined

  readonly view: GatewayView = {
    status: async () => this.#answer(this.status()),
    readiness: async () => this.#answer(this.ready),
    trace: async () => this.#answer(this.traceStatus()),
    filter: async () => this.#answer(this.samples.filter),
    dryRunFilter: async (...asked) => this.#told('dryRunFilter', asked, this.scopeRefusal ?? this.filterAnswer),
    collected: async (query) => this.#told('collected', [query], this.packets),
    domains: async () => this.#answer(this.samples.domains),
    audit: async () => this.#answer(this.samples.audit),
    log: async () => this.#answer(this.logStatus),
    metrics: async () => this.#answer(this.metricsText),
    overview: async () => this.#answer(this.overview()),
    history: async () => this.#answer(this.samples.history),
    connections: async (query) => this.#told('connections', [query], this.rows),
    connection: async (id) => this.#answer(this.known.has(id) ? this.samples.connectionDetail(id) : undefined),
    calls: async (query) => this.#told('calls', [query], this.callRows),
    call: async (id) => this.#told('call', [id], this.known.has(id) ? this.samples.callDetail(id) : undefined),
    watch: async (request, viewer) => {
      const refused = this.#told('watch', [request], this.watchRefusal)
      if (refused !== undefined) return refused
      const watch: Watch = { request, viewer, stopped: false }
      this.watches.push(watch)
      setImmediate(() => this.onWatch(watch))
      return () => {
        watch.stopped = true
      }
    },
    capture: async (request) => {
      const { signal: _signal, ...asked } = request
      const file = this.#told('capture', [asked], this.file)
      if (typeof file === 'function') return file(request)
      return Array.isArray(file) ? pieces(file) : file
    },
  }

  readonly control: GatewayControl = {
    setTrace: async (request) => {
      if (this.scopeRefusal === undefined) this.mode = request.trace_mode
      return this.#told('setTrace', [request], this.scopeRefusal ?? this.traceStatus())
    },
    pick: async (request) => this.#told('pick', [request], this.known.has(request.id)),
    setLog: async (request) => this.#told('setLog', [request], this.logStatus),
    setFilter: async (...asked) => this.#told('setFilter', asked, this.filterAnswer),
    resetFilter: async (by) => this.#told('resetFilter', [by], this.samples.filter),
    pauseDestination: async (...asked) => this.#told('pauseDestination', asked, asked[0] === 'hep_dest'),
    testDestination: async (...asked) =>
      this.#told('testDestination', asked, asked[0] === 'hep_dest' ? this.samples.test : undefined),
    closeConnection: async (...asked) => this.#told('closeConnection', asked, this.known.has(asked[0])),
    keylog: async (...asked) => this.#told('keylog', asked, this.known.has(asked[0]) ? this.keylog : undefined),
    reload: async (by) => this.#told('reload', [by], this.reloadAnswer),
    reloadDomains: async (by) => this.#told('reloadDomains', [by], this.reloadAnswer),
    note: (entry) => this.#told('note', [entry], undefined),
  }

  traceStatus(): TraceStatus {
    const { mode, until, samples } = this
    return { ...samples.trace, trace_mode: mode, until, secondsLeft: until === undefined ? undefined : 600 }
  }

  status(): GatewayStatus {
    const { status } = this.samples
    return { ...status, trace: { ...this.traceStatus(), ...status.trace } }
  }

  overview(): Overview {
    return { ...this.samples.overview, status: this.status() }
  }

  #told<T>(name: string, asked: readonly unknown[], value: T): T {
    this.calls.push([name, ...asked.filter((one) => one !== undefined).map(withoutUndefined)])
    return this.#answer(value)
  }

  #answer<T>(value: T): T {
    if (this.failure !== undefined) throw this.failure
    return value
  }
}

async function* pieces(file: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* file
}

/** A member that is undefined asks for nothing. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [[name, withoutUndefined(one)]])),
  )
}
