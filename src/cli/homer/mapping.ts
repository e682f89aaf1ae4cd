/**
 * What a Homer 7 has to look up so that TLS events stand in its calls, and what is wrong with what it looks up now.
 * homer-app calls this the correlation mapping: per kind of message a list of queries whose rows are added to a call.
 * Plain data in and out; talks to nobody.
 */

/** One query, as it stands in Homer: keys this does not know stay as they are. */
export type Lookup = Readonly<Record<string, unknown>>

/** A row of homer-app's `mapping_schema`, with everything it has. */
export interface MappingRow {
  readonly guid: string
  /** HEP type of the messages it is about */
  readonly hepid: number
  readonly profile: string
  /** not always the list it should be */
  readonly correlation_mapping: unknown
  readonly [key: string]: unknown
}

export interface RowPlan {
  readonly row: MappingRow
  readonly before: readonly Lookup[]
  readonly after: readonly Lookup[]
  /** `after` as it goes to Homer, which has other forms of an empty list */
  readonly written: unknown
  /** what is wrong with it or missing in it, and is mended by `after` */
  readonly flaws: readonly string[]
}

export interface MappingPlan {
  /** every row that concerns us, also those that stay as they are */
  readonly rows: readonly RowPlan[]
  /** what somebody has to look at: nothing here touches it */
  readonly notes: readonly string[]
}

/** `form` of the destination: under which HEP type the events of connections come. */
export type EventForm = 'log' | 'opensips'

/** `LOG default`: how people name a row */
export function rowName({ hepid, profile, hep_alias }: MappingRow): string {
  return `${typeof hep_alias === 'string' && hep_alias !== '' ? hep_alias : `type ${hepid}`} ${profile}`
}

/** The rows as they should be. */
export function planMapping(rows: readonly MappingRow[], form: EventForm): MappingPlan {
  const notes = []
  const plans: RowPlan[] = []
  for (const [hepid, profile] of [...sipRows, logRow]) {
    const matching = rows.filter((row) => row.hepid === hepid && row.profile === profile)
    if (matching.length === 0) notes.push(missingRow(hepid, profile))
    if (matching.length > 1) notes.push(`type ${hepid} ${profile} is there ${matching.length} times: Homer takes any`)
    for (const row of matching) {
      const before = lookupsOf(row)
      if (before === undefined) notes.push(`the correlation mapping of ${rowName(row)} is no list: Homer shows no call`)
      else plans.push(planRow(row, before, form))
    }
  }
  for (const row of rows) notes.push(...foreignFlaws(row))
  return { rows: plans, notes }
}

/** undefined: it is no list. An empty object is what homer-app writes for none. */
export function lookupsOf({
  correlation_mapping: written,
}: Pick<MappingRow, 'correlation_mapping'>): readonly Lookup[] | undefined {
  if (Array.isArray(written)) return written.every(isObject) ? written : undefined
  const isNothing = written === null || (isObject(written) && Object.keys(written).length === 0)
  return isNothing ? [] : undefined
}

export function changes({ before, after }: RowPlan): boolean {
  return JSON.stringify(before) !== JSON.stringify(after)
}

/** The window is the operator's to choose. */
export function isSame(one: Lookup, other: Lookup): boolean {
  return (['source_field', 'lookup_id', 'lookup_profile', 'lookup_field'] as const).every((k) => one[k] === other[k])
}

const sipRows = [
  [1, 'call'],
  [1, 'registration'],
  [1, 'default'],
] as const
const logRow = [100, 'default'] as const

/** HEP types of events, by the form of the destination; Homer 7 keeps 89 among the reports, type 35. */
const eventTables: Readonly<Record<EventForm, readonly number[]>> = { log: [100], opensips: [100, 35] }

/** Records with the Call-ID itself: TLS_SESSION, failures that hurt the call. Homer seeds it, with this window (s). */
const callRecords: Lookup = {
  source_field: 'data_header.callid',
  lookup_id: 100,
  lookup_profile: 'default',
  lookup_field: 'sid',
  lookup_range: [-300, 200],
}

/**
 * The events of the connections that a call's TLS_SESSION records name. homer-app puts a lookup_field into its query
 * as it is, `WHERE (create_date BETWEEN … AND <lookup_field> = ANY(ARRAY[…]))`, and has no lookup over two steps: so
 * this closes that parenthesis and leaves its own to be closed. The conn_id is that of the JSON, behind the line
 * for people, in which a peer may have written what it likes.
 */
const sidOfConnections = `true) AND sid IN (SELECT substring(s.raw from '\\n\\{.*"conn_id":"([0-9]+)"') FROM hep_proto_100_default s WHERE s.sid`

/** A phone stays connected for days before and after a call (s). */
const connectionLife = [-7 * 86_400, 86_400]

/** In every table of Homer 7 the Call-ID of a SIP message is its sid. */
function connectionEvents(table: number): Lookup {
  return {
    source_field: 'sid',
    lookup_id: table,
    lookup_profile: 'default',
    lookup_field: sidOfConnections,
    lookup_range: connectionLife,
  }
}

function planRow(row: MappingRow, before: readonly Lookup[], form: EventForm): RowPlan {
  const flaws: string[] = []
  const after = before.map((lookup) => (isSeededMistake(row, lookup) ? { ...lookup, lookup_field: 'sid' } : lookup))
  const mended = after.filter((lookup, i) => lookup !== before[i]).length
  if (mended > 0) flaws.push(`${mended} lookups of SIP fail in the database: a call opened from a log row has no SIP`)
  if (row.hepid !== logRow[0] && !after.some(findsCallRecords)) {
    after.push(callRecords)
    flaws.push('the TLS_SESSION records of a call are not looked up')
  }
  for (const table of eventTables[form]) {
    const wanted = connectionEvents(table)
    if (after.some((lookup) => isSame(lookup, wanted))) continue
    after.push(wanted)
    flaws.push(`the events of a call's TLS connections are not looked up (hep_proto_${table}_default)`)
  }
  return { row, before, after, written: after, flaws }
}

/** homer-app up to 1.5.20 seeds LOG → SIP with `data_header.callid`, which PostgreSQL takes for a table's column. */
function isSeededMistake(row: MappingRow, lookup: Lookup): boolean {
  const { source_field, lookup_id, lookup_field } = lookup
  return row.hepid === logRow[0] && source_field === 'sid' && lookup_id === 1 && lookup_field === 'data_header.callid'
}

function findsCallRecords({ source_field, lookup_id, lookup_profile, lookup_field }: Lookup): boolean {
  const startsAtCall = source_field === 'data_header.callid' || source_field === 'sid'
  return startsAtCall && lookup_id === 100 && lookup_profile === 'default' && lookup_field === 'sid'
}

/** Lookups of other people that cannot work. */
function foreignFlaws(row: MappingRow): string[] {
  return (lookupsOf(row) ?? []).flatMap((lookup, i) => {
    if (isSeededMistake(row, lookup)) return []
    const flaw = flawOf(lookup)
    return flaw === undefined ? [] : [`${rowName(row)}, lookup ${i + 1}: ${flaw}`]
  })
}

/** homer-app ends a search in a panic over a key that is missing or of another type. */
const keyTypes = {
  source_field: (value: unknown) => typeof value === 'string',
  lookup_id: (value: unknown) => typeof value === 'number',
  lookup_profile: (value: unknown) => typeof value === 'string',
  lookup_field: (value: unknown) => typeof value === 'string',
  lookup_range: Array.isArray,
} as const

function flawOf(lookup: Lookup): string | undefined {
  for (const [key, isGood] of Object.entries(keyTypes)) {
    if (!isGood(lookup[key])) return `${key} is missing or of the wrong type: Homer shows no call with it`
  }
  const [, column, key] = /^(data_header|protocol_header)\.(\w+)$/.exec(lookup.lookup_field as string) ?? []
  if (column === undefined) return undefined
  return `lookup_field ${column}.${key} fails in the database; ${column}->>'${key}' is meant`
}

function missingRow(hepid: number, profile: string): string {
  return `Homer has no mapping of type ${hepid} ${profile}: Settings, Mapping Protocol, Reset brings it back`
}

function isObject(value: unknown): value is Lookup {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
