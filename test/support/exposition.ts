/**
 * A strict reader of the text exposition format of Prometheus (0.0.4), written from its description and from nothing of
 * ours: what it does not know is an error, and so are samples that come twice or before their family is described.
 */

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line is not ended')
  const families = new Map<string, Family & { samples: Sample[] }>()
  const seen = new Set<string>()
  let current: (Family & { samples: Sample[] }) | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(line)
    if (comment?.[1] === 'HELP') {
      const name = comment[2]!
      if (families.has(name)) throw new Error(`${name} comes twice`)
      current = { name, help: unescaped(comment[3]!, false), type: '', samples: [] }
      families.set(name, current)
    } else if (comment?.[1] === 'TYPE') {
      if (current?.name !== comment[2] || current.type !== '') throw new Error(`a type out of place: ${line}`)
      Object.assign(current, { type: comment[3] })
    } else {
      const sample = parseSample(line)
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      if (seen.has(key)) throw new Error(`twice: ${line}`)
      seen.add(key)
      if (current === undefined || !belongs(sample, current)) throw new Error(`out of place: ${line}`)
      current.samples.push(sample)
    }
  }
  return families
}

/** The value of the one sample with this name and exactly these labels, those that are empty left out. */
export function sampleOf(families: ReadonlyMap<string, Family>, name: string, labels: Record<string, string> = {}) {
  const all = [...families.values()].flatMap(({ samples }) => samples)
  const wanted = JSON.stringify(Object.entries(labels).sort())
  const filled = (sample: Sample) => Object.entries(sample.labels).filter(([, value]) => value !== '')
  return all.find((sample) => sample.name === name && JSON.stringify(filled(sample).sort()) === wanted)?.value
}

function belongs(sample: Sample, { name, type }: Family): boolean {
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  return suffixes.some((suffix) => sample.name === name + suffix)
}

function parseSample(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0]
  if (name === undefined) throw new Error(`no sample: ${line}`)
  let at = name.length
  const labels: Record<string, string> = {}
  if (line[at] === '{') {
    const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"([,}])/y
    at++
    for (let end = ','; end === ','; ) {
      label.lastIndex = at
      const match = label.exec(line)
      if (match === null || match[1]! in labels) throw new Error(`bad labels: ${line}`)
      labels[match[1]!] = unescaped(match[2]!, true)
      end = match[3]!
      at = label.lastIndex
    }
  }
  const value = /^ (NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line.slice(at))?.[1]
  if (value === undefined) throw new Error(`no number: ${line}`)
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function unescaped(text: string, quotes: boolean): string {
  return text.replace(/\\(.)/g, (_all, c: string) => {
    if (c === 'n') return '\n'
    if (c === '\\' || (c === '"' && quotes)) return c
    throw new Error(`an escape that is none: \\${c}`)
  })
}
