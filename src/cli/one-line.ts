/** Text from somebody else as one line that does nothing to a terminal, whatever is in it. */

/** Control characters, line ends of any kind, what turns the reading order: in a row, one space. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\p{Bidi_Control}]+/gu, ' ')
}
