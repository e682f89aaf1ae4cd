/**
 * Lengths of time as people write them: `10m`, `90s`, `1h30m`, `500ms`. Largest unit first, each at
 * most once, whole numbers only. A bare number is refused: nobody can tell which unit it means.
 */

const spelling = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/
export const dayMs = 86_400_000

/** in the order of the groups above */
const units = [
  { name: 'd', ms: dayMs },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1000 },
  { name: 'ms', ms: 1 },
] as const

/** The spelling in words, for the sentence that refuses another one. */
export const durationForm = 'a duration such as 10m, 90s, 1h30m or 500ms'

/** The longest time a Node timer holds, in ms: 24.8 days. `setTimeout` turns anything longer into 1 ms. */
export const maxTimerMs = 2 ** 31 - 1

/** Milliseconds, undefined when `text` is not a duration. May be 0, and more than `maxTimerMs`. */
export function parseDuration(text: string): number | undefined {
  const groups = spelling.exec(text)
  if (groups === null || text === '') return undefined
  return units.reduce((sum, unit, i) => sum + Number(groups[i + 1] ?? 0) * unit.ms, 0)
}

/** The shortest spelling of whole milliseconds: 5_400_000 is `1h30m`, 0 is `0s`. */
export function durationText(ms: number): string {
  let rest = Math.max(0, Math.round(ms))
  let text = ''
  for (const unit of units) {
    const count = Math.floor(rest / unit.ms)
    if (count > 0) text += `${count}${unit.name}`
    rest -= count * unit.ms
  }
  return text === '' ? '0s' : text
}
