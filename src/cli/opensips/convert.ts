/** An OpenSIPS configuration → ours, with a note for everything that a person has to look at. Reads and writes no files. */
import { addDomains } from './domains.js'
import { type Draft, emptyDraft } from './draft.js'
import { addFilter } from './filter.js'
import { addHepId } from './hep-ids.js'
import { noteModules } from './modules.js'
import { Notes } from './notes.js'
import { addGlobals, addParameter } from './parameters.js'
import { addSocket } from './sockets.js'
import type { Source } from './source.js'
import { type Assignment, type Modparam, type Route, readStatements, type Statement } from './statements.js'
import { addUpstreams } from './upstreams.js'

export interface Conversion {
  readonly draft: Draft
  readonly notes: Notes
}

/** Undefined: nothing in it is of OpenSIPS. Throws ReadError. */
export function convert(source: Source): Conversion | undefined {
  const statements = readStatements(source.text)
  const assignments = statements.filter((statement): statement is Assignment => statement.kind === 'assignment')
  const modparams = statements.filter((statement): statement is Modparam => statement.kind === 'modparam')
  const routes = statements.filter((statement): statement is Route => statement.kind === 'route')
  if (modparams.length + routes.length === 0 && !assignments.some(isSocket)) return undefined

  const draft = emptyDraft()
  const notes = new Notes()
  for (const { at, reason } of source.missing) notes.add(at, `${reason}: what it says is missing here`)
  addSockets(assignments, draft, notes)
  const globals = assignments.filter((one) => !isSocket(one) && !advertising.has(one.name))
  addGlobals(globals, draft, notes, (at) => source.place(at))
  addParameters(modparams, draft, notes)
  const filter = modparams.findLast(
    ({ modules, name }) => modules.includes('proto_tls') && name === 'trace_filter_route',
  )
  if (filter !== undefined) addFilter({ name: filter.value, at: filter.at }, routes, source, draft, notes)
  addUpstreams(routes, draft)
  noteStrays(statements, notes)
  noteModules(modulesOf(statements), notes)
  return { draft, notes }
}

const advertising: ReadonlySet<string> = new Set(['advertised_address', 'advertised_port'])

/** `listen` up to OpenSIPS 3.2 */
function isSocket({ name }: Assignment): boolean {
  return name === 'socket' || name === 'listen'
}

function addSockets(assignments: readonly Assignment[], draft: Draft, notes: Notes): void {
  const global = (name: string) => assignments.findLast((one) => one.name === name)?.value[0]?.value
  const [host, port] = [global('advertised_address'), global('advertised_port')]
  const advertised = host === undefined || port === undefined ? host : `${host}:${port}`
  if (host === undefined && port !== undefined) {
    notes.addGeneral(`advertised_port ${port} is left out: write AS HOST:${port} behind the sockets it is for`)
  }
  for (const one of assignments.filter(isSocket)) addSocket(one, advertised, draft, notes)
  if (draft.socket.length > 0) return
  draft.socket.push(anySocket)
  notes.addGeneral(`No socket could be carried over: ${anySocket} is written in place of one.`)
}

const anySocket = 'tls:0.0.0.0:5061'

function addParameters(modparams: readonly Modparam[], draft: Draft, notes: Notes): void {
  const ofDomains: Modparam[] = []
  for (const param of modparams) {
    if (param.modules.includes('proto_tls')) addParameter(param, 'proto_tls', draft, notes)
    if (param.modules.includes('proto_hep')) {
      if (param.name === 'hep_id') addHepId(param, draft, notes)
      else addParameter(param, 'proto_hep', draft, notes)
    }
    if (!param.modules.includes('tls_mgm')) continue
    if (timeouts.has(param.name)) addParameter(param, 'proto_tls', draft, notes)
    else ofDomains.push(param)
  }
  addDomains(ofDomains, draft, notes)
}

/** Of tls_mgm up to OpenSIPS 3.0; in ms there too, whatever its manual said. */
const timeouts: ReadonlySet<string> = new Set(['tls_handshake_timeout', 'tls_send_timeout'])

function noteStrays(statements: readonly Statement[], notes: Notes): void {
  for (const statement of statements) {
    if (statement.kind === 'unknown') notes.add(statement.at, `${statement.text} is left out: it was not understood`)
  }
}

function modulesOf(statements: readonly Statement[]): Set<string> {
  return new Set(
    statements.flatMap((statement) => {
      if (statement.kind === 'loadmodule') return statement.module
      return statement.kind === 'modparam' ? statement.modules : []
    }),
  )
}
