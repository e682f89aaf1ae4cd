/** JSON that does nothing to those who look at it: a terminal, an editor, a page. It means what it meant before. */

/**
 * What JSON may hold as it is (RFC 8259 §7 wants C0 escaped only) and should not reach a screen: C1, of which some
 * terminals take U+009B for the begin of a command, line ends that are none in JSON, and what turns the reading order.
 */
const unsightly = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu

/** `json` is JSON, in which such characters stand in strings only. */
export function plainJson(json: string): string {
  return json.replace(unsightly, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
