/**
 * The lookups as they were and as they were written, in a file beside the user, and the way back. Writes over no file, and
 * takes back nothing that others did.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { UsageError } from '../../base/errors.js'
import { isSame, type Lookup, lookupsOf, type MappingPlan, type MappingRow, type RowPlan, rowName } from './mapping.js'

const Lookups = Type.Array(Type.Record(Type.String(), Type.Unknown()))
const Kept = Type.Object({
  guid: Type.String(),
  hepid: Type.Integer(),
  profile: Type.String(),
  hep_alias: Type.Optional(Type.Unknown()),
  /** before */
  correlation_mapping: Type.Union([Lookups, Type.Object({}, { additionalProperties: false }), Type.Null()]),
  written: Lookups,
})
type Kept = Type.Static<typeof Kept>

/** A file that is not there yet, in the directory of another one. */
export function newBackup(beside: string): string {
  return join(dirname(beside), `hepgate-homer-${new Date().toISOString().replace(/[:.]/g, '-')}.json`)
}

/** Keeps what these plans change. Throws UsageError, and then nothing may be changed. */
export function writeBackup(file: string, plans: readonly RowPlan[]): void {
  const kept = plans.map(({ row: { guid, hepid, profile, hep_alias, correlation_mapping }, after }) => {
    return { guid, hepid, profile, hep_alias, correlation_mapping, written: after }
  })
  try {
    writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    throw new UsageError(`nothing was written: what is there cannot be kept first (${(error as Error).message})`)
  }
}

/** Throws UsageError. */
export function readBackup(file: string | undefined): readonly Kept[] {
  if (file === undefined) throw new UsageError('--backup is missing: the file that the install kept')
  let kept: unknown
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`cannot read the backup: ${(error as Error).message}`)
  }
  if (!Value.Check(Type.Array(Kept), kept)) throw new UsageError(`${file} is no backup of hepgate homer`)
  return kept
}

/** Undoes what was written after `kept` was: what others made of the rows before and since stays. */
export function planRestore(rows: readonly MappingRow[], kept: readonly Kept[]): MappingPlan {
  const plans: RowPlan[] = []
  const notes: string[] = []
  for (const earlier of kept) {
    const row = rows.find(({ guid }) => guid === earlier.guid)
    const before = row && lookupsOf(row)
    if (row && before) plans.push(undo(row, before, earlier, notes))
    else notes.push(`the mapping ${earlier.guid} of the backup is not there any more`)
  }
  return { rows: plans, notes }
}

function undo(row: MappingRow, before: readonly Lookup[], earlier: Kept, notes: string[]): RowPlan {
  const was = lookupsOf(earlier) ?? []
  const brought = without(earlier.written, was)
  const after = exchanged(before, brought, without(was, earlier.written))
  const isEdited = (lookup: Lookup) => !has(was, lookup) && brought.some((other) => isSame(lookup, other))
  if (after.some(isEdited)) notes.push(`${rowName(row)}: a lookup of ours was changed since, and stays`)
  // an empty object and null are no list, but were there
  const written = isDeepStrictEqual(after, was) ? earlier.correlation_mapping : after
  return { row, before, after, written, flaws: [] }
}

/** Those that came go, each for one of those that went; who is not found has been dealt with. */
function exchanged(list: readonly Lookup[], came: readonly Lookup[], went: readonly Lookup[]): readonly Lookup[] {
  const result = [...list]
  for (const [i, lookup] of came.entries()) {
    const at = result.findIndex((other) => isDeepStrictEqual(other, lookup))
    if (at >= 0) result.splice(at, 1, ...went.slice(i, i + 1))
  }
  return [...result, ...without(went.slice(came.length), result)]
}

/** As often as it is more often in `list`. */
function without(list: readonly Lookup[], others: readonly Lookup[]): readonly Lookup[] {
  const left = [...others]
  return list.filter((lookup) => {
    const at = left.findIndex((other) => isDeepStrictEqual(other, lookup))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function has(list: readonly Lookup[], lookup: Lookup): boolean {
  return list.some((other) => isDeepStrictEqual(other, lookup))
}
