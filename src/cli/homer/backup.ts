/** The mappings as they were before an install, in a file beside the user, and the way back. Writes over no file. */
import { readFileSync, writeFileSync } from 'node:fs'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { UsageError } from '../../base/errors.js'
import { lookupsOf, type MappingPlan, type MappingRow, type RowPlan } from './mapping.js'

const Rows = Type.Array(
  Type.Object({
    guid: Type.String(),
    hepid: Type.Integer(),
    profile: Type.String(),
    correlation_mapping: Type.Unknown(),
  }),
)

/** Keeps the rows these plans would change; the answer is the file. Throws UsageError, and then nothing may be changed. */
export function writeBackup(file: string | undefined, plans: readonly RowPlan[]): string {
  const path = file ?? `hepgate-homer-${new Date().toISOString().replace(/[:.]/g, '-')}.json`
  const rows = plans.map(({ row }) => row)
  try {
    writeFileSync(path, `${JSON.stringify(rows, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    throw new UsageError(`nothing was written: what is there cannot be kept first (${(error as Error).message})`)
  }
  return path
}

/** Throws UsageError. */
export function readBackup(file: string | undefined): readonly MappingRow[] {
  if (file === undefined) throw new UsageError('--backup is missing: the file that the install kept')
  let rows: unknown
  try {
    rows = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`cannot read the backup: ${(error as Error).message}`)
  }
  if (!Value.Check(Rows, rows)) throw new UsageError(`${file} is no backup of hepgate homer`)
  return rows as readonly MappingRow[]
}

/** Only the lookups go back: what else was changed in a row since stays. */
export function planRestore(rows: readonly MappingRow[], kept: readonly MappingRow[]): MappingPlan {
  const plans = rows.flatMap((row): RowPlan[] => {
    const earlier = kept.find(({ guid }) => guid === row.guid)
    const [before, after] = [lookupsOf(row), earlier && lookupsOf(earlier)]
    return before === undefined || after === undefined ? [] : [{ row, before, after, flaws: [] }]
  })
  const gone = kept.filter(({ guid }) => !plans.some(({ row }) => row.guid === guid))
  return { rows: plans, notes: gone.map(({ guid }) => `the mapping ${guid} of the backup is not there any more`) }
}
