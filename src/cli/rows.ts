/** Names and what belongs to them, in two columns. */

/** A name beside its lines, which stand one below the other; a name without lines is left out. */
export function rows(table: readonly (readonly [name: string, lines: readonly string[]])[]): string {
  const width = Math.max(...table.map(([name]) => name.length)) + 2
  return table
    .flatMap(([name, lines]) => lines.map((line, i) => `${(i === 0 ? name : '').padEnd(width)}${line}\n`))
    .join('')
}
