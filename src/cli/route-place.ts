/** From a place in a route text to the place in the file that holds the text, which editors open. */
import { LineCounter, parseDocument, Scalar } from 'yaml'
import type { RouteProblem } from '../base/ports.js'

/** `hepgate.yaml:31:9`. Where the text is not a block of lines (`|`), its first line stands for all. */
export function routePlace(
  file = 'built-in defaults',
  text: string,
  route: string,
  { line, column }: RouteProblem,
): string {
  const lines = new LineCounter()
  const scalar = parseDocument(text, { lineCounter: lines }).getIn(['routes', route], true)
  if (!(scalar instanceof Scalar) || !scalar.range) return `${file}: routes.${route}`
  const first = lines.linePos(scalar.range[0])
  if (scalar.type !== Scalar.BLOCK_LITERAL) return `${file}:${first.line}:${first.col}`
  // the text of a block begins in the line after its `|`
  const inFile = first.line + line
  const written = text.split('\n')[inFile - 1] ?? ''
  const indent = written.length - written.trimStart().length - indentOf(scalar, line)
  return `${file}:${inFile}:${column + Math.max(0, indent)}`
}

/** The white space that belongs to the text itself. */
function indentOf(scalar: Scalar, line: number): number {
  const own = String(scalar.value).split('\n')[line - 1] ?? ''
  return own.length - own.trimStart().length
}
