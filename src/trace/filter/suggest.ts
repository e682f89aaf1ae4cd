/** What the writer of a route may have meant by an unknown name, as the end of a sentence. */
import { nearest } from '../../base/nearest.js'

/** Empty without a near one. `write`: how the word stands in a route. */
export function didYouMean(word: string, words: Iterable<string>, write = (w: string) => w): string {
  const found = nearest(word, words)
  return found === undefined ? '' : `, did you mean ${write(found)}?`
}
