/** Long arrays as JSON, written in slices. */
import { Slices } from '../../base/slices.js'

/** A JSON array of what `json` makes of each item. */
export async function jsonArray<T>(items: Iterable<T>, json: (item: T) => string): Promise<string> {
  const slices = new Slices()
  const done: string[] = []
  let slice: string[] = []
  for (const item of items) {
    slice.push(json(item))
    if (!slices.isOver) continue
    // Joined now: thousands of small strings that live for long keep the garbage collector busy all at once.
    done.push(slice.join(','))
    slice = []
    await slices.next()
  }
  if (slice.length > 0) done.push(slice.join(','))
  return `[${done.join(',')}]`
}
