/**
 * The import rules of ARCHITECTURE.md ("Folders") as a check over source texts. It reads text only:
 * comments are dropped, every form of import is seen (static, type, dynamic, re-export).
 */

export interface SourceFile {
  /** below src/, with `/`: `tls/listener.ts` */
  readonly path: string
  readonly text: string
}

export interface ImportException {
  readonly from: string
  readonly to: string
  /** why the rule does not hold here */
  readonly reason: string
}

/** Each line may import from the lines below it, and not from its own line (a folder from itself, always). */
const lines = [
  ['main'], // one line with cli in ARCHITECTURE.md: it hands over to the commands, never the other way
  ['cli'],
  ['gateway'],
  ['api', 'live', 'telemetry', 'collector'],
  ['relay', 'destinations'],
  ['tls', 'trace'],
  ['sip', 'hep'],
  ['base'],
] as const

/** Observers reach the core through ports and channels (base/), never directly. */
const observers = new Set(['api', 'live', 'telemetry', 'collector'])
const coreBelowObservers = new Set(['relay', 'destinations', 'tls', 'trace'])

/** Bytes in, plain data out: of Node's modules these know Buffer and nothing else. */
const pure = new Set(['sip', 'hep'])
const impureGlobals =
  /\b(?:set(?:Timeout|Interval|Immediate)|queueMicrotask|Date\.now|new Date|performance\.now|process\.|console\.)/

/** The first word of every problem; a test makes each of them happen. */
export const rules = ['upward', 'sideways', 'observer', 'config', 'impure', 'package', 'computed', 'unknown'] as const

/** One sentence per broken rule: `upward: sip/framer.ts imports tls/listener.ts`. */
export function importProblems(
  files: readonly SourceFile[],
  packages: ReadonlySet<string>,
  exceptions: readonly ImportException[] = [],
): string[] {
  const unused = new Set(exceptions)
  const problems: string[] = []
  for (const file of files) {
    const code = withoutComments(file.text)
    const global = pure.has(areaOf(file.path)) ? impureGlobals.exec(withoutStrings(code))?.[0] : undefined
    if (global !== undefined) problems.push(`impure: ${file.path} uses ${global}`)
    for (const target of importsOf(code)) {
      const to = resolve(file.path, target)
      const rule = brokenRule(file.path, to, packages)
      if (rule === undefined) continue
      const exception = exceptions.find((e) => e.from === file.path && e.to === to)
      if (exception === undefined) problems.push(`${rule}: ${file.path} imports ${to}`)
      else unused.delete(exception)
    }
  }
  for (const e of unused) problems.push(`unused exception: ${e.from} imports ${e.to}`)
  return problems
}

function brokenRule(from: string, to: string, packages: ReadonlySet<string>): (typeof rules)[number] | undefined {
  const area = areaOf(from)
  if (to === computed) return 'computed'
  if (to.startsWith('node:')) return pure.has(area) && to !== 'node:buffer' ? 'impure' : undefined
  if (!to.endsWith('.ts')) return packageRule(area, to, packages)

  const target = areaOf(to)
  if (target === area) return undefined
  if (target === 'config') return configRule(area, to)
  // The schema describes every part, so it stands on base alone.
  if (area === 'config') return target === 'base' ? undefined : 'config'
  const here = lineOf(area)
  const there = lineOf(target)
  if (here < 0 || there < 0) return 'unknown'
  if (there < here) return 'upward'
  if (there === here) return 'sideways'
  return observers.has(area) && coreBelowObservers.has(target) ? 'observer' : undefined
}

function packageRule(area: string, name: string, packages: ReadonlySet<string>): 'impure' | 'package' | undefined {
  if (pure.has(area) || area === 'base') return 'impure'
  return packages.has(packageName(name)) ? undefined : 'package'
}

function configRule(area: string, to: string): 'config' | undefined {
  return to === 'config/types.ts' || area === 'gateway' || area === 'cli' ? undefined : 'config'
}

/** `tls/listener.ts` is of tls, `gateway.ts` of gateway. */
function areaOf(path: string): string {
  return path.split('/')[0]!.replace(/\.ts$/, '')
}

function lineOf(area: string): number {
  return lines.findIndex((line) => (line as readonly string[]).includes(area))
}

/** `@scope/name/file` → `@scope/name` */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Relative specifiers become paths below src/; packages and node: modules stay. */
function resolve(from: string, target: string): string {
  if (!target.startsWith('.')) return target
  const parts = from.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') parts.pop()
    else if (step !== '.') parts.push(step)
  }
  return parts.join('/').replace(/\.js$/, '.ts')
}

/** Stands for an import whose name is not a literal. */
export const computed = '(computed)'
const importForms =
  /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"](?<from>[^'"]+)|\bimport\s*['"](?<bare>[^'"]+)|\bimport\s*\(\s*(?:['"`](?<dynamic>[^'"`$]+)['"`]\s*[,)]|\S)/g

function importsOf(code: string): string[] {
  return [...code.matchAll(importForms)].map(
    ({ groups }) => groups!.from ?? groups!.bare ?? groups!.dynamic ?? computed,
  )
}

const commentsAndStrings = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

function withoutComments(text: string): string {
  return text.replace(commentsAndStrings, (found) => (found.startsWith('/') ? ' ' : found))
}

function withoutStrings(code: string): string {
  return code.replace(commentsAndStrings, "''")
}
