/** Times to the millisecond, where the order of things within a second matters. Pure. */
import { clock } from '../../ui/format.js'

/** 12:34:56.789, local */
export function clockMs(at: number): string {
  return `${clock(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`
}
