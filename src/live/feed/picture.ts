/**
 * What the viewers of one audience have on their screens at one look, and the JSON of what leads there: a snapshot
 * of the whole, or a delta from the picture before. Decides what is sent; sends nothing.
 *
 * Rows of connections are the newest `limit` that match. One that is pushed out by a newer one is removed like one
 * that matches no longer, and comes back when there is room: the viewer always holds exactly these rows.
 */
import type { CallRow, ConnectionRow, Sample } from '../../base/live.js'
import { jsonArray } from './json-array.js'
import type { Mark } from './marks.js'

/** Something all audiences share: its JSON, and the look it changed in. */
export interface Part {
  readonly json: string
  readonly changedIn: number
}

export interface Rows<T> {
  /** by id, newest first */
  readonly byId: ReadonlyMap<string, T>
  /** of all that match */
  readonly total: number
}

/** A topic that was not asked for is undefined in every picture of an audience. */
export interface Picture {
  /** number of the look */
  readonly look: number
  readonly overview: Part | undefined
  /** `t` of the newest sample in it */
  readonly sampleT: number
  readonly connections: Rows<Mark> | undefined
  /** each row as JSON */
  readonly calls: Rows<string> | undefined
  /** of the calls: the same number, the same rows */
  readonly callsVersion: number
  readonly trace: Part | undefined
}

export interface PictureSources {
  row(mark: Mark): ConnectionRow
  samplesSince(t: number): readonly Sample[]
}

export async function snapshotJson(picture: Picture, sources: PictureSources): Promise<string> {
  const { overview, connections, calls, trace } = picture
  const members = [at()]
  if (overview !== undefined) {
    const history = await samples(0, picture.sampleT, sources)
    members.push(`"overview":${overview.json.slice(0, -1)},"history":${history}}`)
  }
  if (connections !== undefined) {
    const rows = await connectionRows(connections.byId.values(), sources)
    members.push(`"connections":{"rows":${rows},"total":${connections.total}}`)
  }
  if (calls !== undefined) {
    members.push(`"calls":{"rows":[${[...calls.byId.values()].join(',')}],"total":${calls.total}}`)
  }
  if (trace !== undefined) members.push(`"trace":${trace.json}`)
  return `{${members.join(',')}}`
}

/** undefined: nothing changed. */
export async function deltaJson(before: Picture, now: Picture, sources: PictureSources): Promise<string | undefined> {
  const members = [at()]
  const isNew = (part: Part | undefined): part is Part => part !== undefined && part.changedIn > before.look
  if (isNew(now.overview)) members.push(`"overview":${now.overview.json}`)
  if (now.overview !== undefined && now.sampleT > before.sampleT) {
    members.push(`"samples":${await samples(before.sampleT, now.sampleT, sources)}`)
  }
  const connections = await connectionsDelta(before, now, sources)
  if (connections !== undefined) members.push(`"connections":${connections}`)
  const calls = callsDelta(before, now)
  if (calls !== undefined) members.push(`"calls":${calls}`)
  if (isNew(now.trace)) members.push(`"trace":${now.trace.json}`)
  return members.length === 1 ? undefined : `{${members.join(',')}}`
}

async function connectionsDelta(before: Picture, now: Picture, sources: PictureSources): Promise<string | undefined> {
  if (before.connections === undefined || now.connections === undefined) return undefined
  const { byId: had, total: hadTotal } = before.connections
  const { byId, total } = now.connections
  const changed: Mark[] = []
  const counted: Mark[] = []
  for (const [id, mark] of byId) {
    if (!had.has(id) || mark.rowIn > before.look) changed.push(mark)
    else if (mark.countersIn > before.look) counted.push(mark)
  }
  const removed = missing(had, byId)
  if (changed.length + counted.length + removed.length === 0 && total === hadTotal) return undefined
  const rows = await connectionRows(changed, sources)
  const counters = await jsonArray(counted, (mark) => JSON.stringify(mark.counters))
  return `{"rows":${rows},"counters":${counters},"removed":${JSON.stringify(removed)},"total":${total}}`
}

function callsDelta(before: Picture, now: Picture): string | undefined {
  if (before.calls === undefined || now.calls === undefined || before.calls === now.calls) return undefined
  const { byId: had, total: hadTotal } = before.calls
  const { byId, total } = now.calls
  const rows = Array.from(byId).flatMap(([id, json]) => (had.get(id) === json ? [] : [json]))
  const removed = missing(had, byId)
  if (rows.length + removed.length === 0 && total === hadTotal) return undefined
  return `{"rows":[${rows.join(',')}],"removed":${JSON.stringify(removed)},"total":${total}}`
}

/** Ids of the rows in `had` that are not in `has`. */
function missing(had: ReadonlyMap<string, unknown>, has: ReadonlyMap<string, unknown>): string[] {
  return [...had.keys()].filter((id) => !has.has(id))
}

export function rowsOfCalls(calls: readonly CallRow[], total: number): Rows<string> {
  return { byId: new Map(calls.map((call) => [call.call_id, JSON.stringify(call)])), total }
}

function connectionRows(marks: Iterable<Mark>, sources: PictureSources): Promise<string> {
  return jsonArray(marks, (mark) => JSON.stringify(sources.row(mark)))
}

/** Those in (since, until]: one that comes while we write belongs to the next delta. */
function samples(since: number, until: number, sources: PictureSources): Promise<string> {
  const wanted = sources.samplesSince(since).filter(({ t }) => t <= until)
  return jsonArray(wanted, (sample) => JSON.stringify(sample))
}

function at(): string {
  return `"at":"${new Date().toISOString()}"`
}
