/** Where the lines of a ladder stand, for the room there is. Pure. */
import type { Line } from './ladder.js'

/** of one row: the label, and the arrow below it */
export const rungHeight = 40
/** the arrow, from the top of its row */
export const arrowAt = 29

/** times stand here */
const timeWidth = 96
/** a label such as `180 Ringing`, marked as repeated, fits in between two lines */
const narrowestGap = 124
/** there the address of a request fits in too */
const roomyGap = 200
/** beyond that the way of the eye gets long */
const widestGap = 340
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

/** Neighbours stand equally far from each other, but for both lines of ours. */
export function geometryOf(lines: readonly Line[], room: number): Geometry {
  const groups = groupsOf(lines)
  const fitting = Math.floor((room - widthOf(groups, 0)) / Math.max(1, groups.length))
  const gap = Math.min(widestGap, Math.max(narrowestGap, fitting))
  const x: number[] = []
  const heads: Head[] = []
  let left = timeWidth
  for (const group of groups) {
    for (const [at, place] of group.entries()) x[place] = Math.round(left + gap / 2 + at * gatewayGap)
    const width = gap + (group.length - 1) * gatewayGap
    heads.push({ lines: group, left, width })
    left += width
  }
  return { width: left, timeWidth, x, heads }
}

/** As much as is good for it, if there is enough. */
export function roomyWidth(lines: readonly Line[]): number {
  return widthOf(groupsOf(lines), roomyGap)
}

function widthOf(groups: readonly (readonly number[])[], gap: number): number {
  return groups.reduce((sum, group) => sum + gap + (group.length - 1) * gatewayGap, timeWidth)
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
