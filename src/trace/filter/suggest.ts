/** Finds the known word an unknown one was probably meant to be. */

/** The nearest of `words`, undefined when none is near enough to be a slip. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  const tolerated = Math.max(1, Math.floor(word.length / 3))
  let best: string | undefined
  let bestDistance = tolerated + 1
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Of unequal words, for the end of a sentence; empty without a near one. */
export function didYouMean(word: string, words: Iterable<string>, write = (w: string) => w): string {
  const found = word.length > maxWord ? undefined : nearest(word, words)
  return found === undefined ? '' : `, did you mean ${write(found)}?`
}

/** The work grows with the square of it, and no known word is as long. */
const maxWord = 64

/** Letters to insert, delete, replace, or swap with their neighbour. */
function editDistance(a: string, b: string): number {
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
