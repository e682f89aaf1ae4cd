/**
 * What `hepgate homer` prints of a plan: what is wrong, and line by line what would change. Nothing that Homer says
 * reaches the terminal as a control character.
 */
import { oneLine } from '../one-line.js'
import { changes, type Lookup, type MappingPlan, type RowPlan, rowName } from './mapping.js'

/** One line for each row, those with flaws followed by them. */
export function planText({ rows, notes }: MappingPlan): string {
  const lines = rows.flatMap((plan) => [
    `${changes(plan) ? '!' : ' '} ${rowName(plan.row)}${changes(plan) ? '' : ': fine'}`,
    ...plan.flaws.map((flaw) => `    ${flaw}`),
  ])
  if (notes.length > 0) lines.push('', 'look at these yourself:', ...notes.map((note) => `    ${note}`))
  return `${lines.map(oneLine).join('\n')}\n`
}

/** The lookups of the rows that change, one a line. */
export function diffText(plans: readonly RowPlan[]): string {
  return plans.filter(changes).map(rowDiff).join('\n')
}

function rowDiff({ row, before, after }: RowPlan): string {
  const lines = [`correlation_mapping of ${rowName(row)} (${row.guid})`]
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [was, is] = [written(before[i]), written(after[i])]
    if (was === is) lines.push(`  ${was}`)
    else {
      if (was !== undefined) lines.push(`- ${was}`)
      if (is !== undefined) lines.push(`+ ${is}`)
    }
  }
  return `${lines.map(oneLine).join('\n')}\n`
}

function written(lookup: Lookup | undefined): string | undefined {
  return lookup && JSON.stringify(lookup)
}
