/**
 * A JavaScript module as a filter: `export default (connection) => 'drop' | undefined`. It is given a frozen copy of
 * the facts without key material, and a time limit that also ends a loop without end.
 */
import { pathToFileURL } from 'node:url'
import { createContext, Script } from 'node:vm'
import type { ConnectionFacts } from '../../base/facts.js'
import type { RouteProblem } from '../../base/ports.js'
import type { Explained, TraceFilter, Verdict } from './filter.js'

/** What a module sees of a connection. */
export type FilterConnection = Readonly<Omit<ConnectionFacts, 'keylog' | 'trace'>>

/**
 * A filter that reads a few facts takes some µs, its watchdog 65 (measured, Node 20). The limit is one of wall time:
 * short enough for the calls that wait meanwhile, long enough not to be hit because the machine is busy.
 */
const maxMs = 100

/** Loads the module anew each time, so that a reload sees what was edited. `timeoutMs` limits each run of it. */
export async function loadModuleFilter(
  path: string,
  timeoutMs = maxMs,
): Promise<{ filter: TraceFilter } | { problems: RouteProblem[] }> {
  try {
    const url = pathToFileURL(path)
    url.searchParams.set('loaded', String(++loads))
    const loaded: { default?: unknown } = await import(url.href)
    if (typeof loaded.default === 'function') return { filter: new ModuleFilter(path, loaded.default, timeoutMs) }
    return problem('the module has no function as its default export')
  } catch (error) {
    return problem(`the module could not be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
}

let loads = 0

function problem(message: string): { problems: RouteProblem[] } {
  return { problems: [{ line: 1, column: 1, message }] }
}

/** Only a script of node:vm has a time limit; it calls the function, which belongs to this realm as ever. */
const call = new Script('decide(connection)')

class ModuleFilter implements TraceFilter {
  readonly name: string
  readonly #timeoutMs: number
  readonly #realm: { decide: unknown; connection: FilterConnection | undefined }

  constructor(name: string, decide: unknown, timeoutMs: number) {
    this.name = name
    this.#timeoutMs = timeoutMs
    this.#realm = { decide, connection: undefined }
    createContext(this.#realm)
  }

  run(facts: ConnectionFacts): Verdict {
    this.#realm.connection = publicFacts(facts)
    const answer: unknown = call.runInContext(this.#realm, { timeout: this.#timeoutMs })
    if (answer === undefined) return 'trace'
    if (answer === 'drop') return 'drop'
    if (answer instanceof Promise) answer.catch(() => {}) // refused below, whatever becomes of it
    throw new TypeError(`the filter has to answer 'drop' or undefined at once, not ${typeof answer}`)
  }

  explain(facts: ConnectionFacts): Explained {
    const verdict = this.run(facts)
    return { verdict, why: verdict === 'drop' ? 'the module said drop' : 'the module did not say drop' }
  }
}

function publicFacts({ keylog: _secret, trace: _ours, ...facts }: ConnectionFacts): FilterConnection {
  return deepFreeze(structuredClone(facts))
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner)
  return value
}
