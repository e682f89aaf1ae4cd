/** Where the lines of a ladder stand, for the room there is. Pure. */
import type { Line } from './ladder.js'

/** of one row: the label, and the arrow below it */
export const rungHeight = 40
/** the arrow, from the top of its row */
export const arrowAt = 29

/** times stand here */
const timeWidth = 104
/** a label such as `180 Ringing` fits in between two lines */
const narrowestSlot = 152
/** beyond that the way of the eye gets long */
const widestSlot = 340
/** between our edge and our core */
const gatewayGap = 72

export interface Head {
  /** places in the lines: one, or both of ours */
  readonly lines: readonly number[]
  readonly left: number
  readonly width: number
}

export interface Geometry {
  readonly width: number
  readonly timeWidth: number
  /** of each line */
  readonly x: readonly number[]
  /** what stands above the lines; both lines of ours are below one */
  readonly heads: readonly Head[]
}

export function geometryOf(lines: readonly Line[], room: number): Geometry {
  const groups = groupsOf(lines)
  const slot = Math.min(widestSlot, Math.max(narrowestSlot, Math.floor((room - timeWidth) / groups.length)))
  const x: number[] = []
  const heads = groups.map((group, i) => {
    const left = timeWidth + i * slot
    for (const [at, place] of group.entries()) {
      x[place] = Math.round(left + slot / 2 + (at - (group.length - 1) / 2) * gatewayGap)
    }
    return { lines: group, left, width: slot }
  })
  return { width: timeWidth + groups.length * slot, timeWidth, x, heads }
}

function groupsOf(lines: readonly Line[]): number[][] {
  const groups: number[][] = []
  for (const [place, line] of lines.entries()) {
    const before = lines[place - 1]
    if (line.kind === 'gateway' && before?.kind === 'gateway') groups.at(-1)!.push(place)
    else groups.push([place])
  }
  return groups
}
