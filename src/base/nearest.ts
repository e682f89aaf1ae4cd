/** Finds the known word that an unknown one was probably meant to be. Words of the answer are its caller's. */

/** More slips than that are another word, however long it is. */
const mostSlips = 3

/**
 * The candidate with the fewest slips, the first of several; undefined when none is near. One slip in
 * three letters is forgiven, and one in two, so that `$ru` finds `$Ri`. Case is none, nor `-` for `_`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word)
  const forgiven = Math.min(mostSlips, Math.max(1, Math.floor(wanted.length / 3)), wanted.length - 1)
  let best: string | undefined
  let fewest = forgiven + 1
  for (const candidate of candidates) {
    const slips = editDistance(wanted, plain(candidate), fewest)
    if (slips < fewest) {
      fewest = slips
      best = candidate
    }
  }
  return best
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}

/** Letters to insert, delete, replace or swap with a neighbour; `limit` or more is not told apart. */
function editDistance(a: string, b: string, limit: number): number {
  // So the length of a known word bounds the work, whatever was typed.
  if (Math.abs(a.length - b.length) >= limit) return limit
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : replaced
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1))
    }
    before = last
    last = row
  }
  return last[b.length]!
}
