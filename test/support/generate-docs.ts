/**
 * The files of this repository that are generated from tables in the code, and the tables inside pages that people
 * write. `npm run docs` writes them; with `--check` it only says which differ, as a unit test does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type CauseEntry, causeEntry, causeSentence, causes } from '../../src/base/errors.js'
import { editorSchema } from '../../src/config/json-schema.js'
import { configurationReference } from '../../src/config/reference.js'
import { dropReasons } from '../../src/destinations/ledger.js'
import { variablesMarkdown } from '../../src/trace/filter/variables.js'
import { metricsReference } from './metrics-page.js'
import { repoRoot } from './paths.js'

export interface GeneratedFile {
  /** relative to the repository */
  readonly path: string
  readonly text: string
}

/** Reads a file by its path in the repository; tests pass their own. */
type Read = (path: string) => string

export const fromRepository: Read = (path) => readFileSync(`${repoRoot}${path}`, 'utf8')

export function generatedFiles(read = fromRepository): GeneratedFile[] {
  return [
    { path: 'config/hepgate.schema.json', text: editorSchema() },
    { path: 'docs/configuration.md', text: configurationReference() },
    { path: 'docs/causes.md', text: causesReference() },
    { path: 'docs/metrics.md', text: metricsReference(generatedFrom('src/telemetry/metrics/instruments.ts')) },
    withTable(read, 'docs/events.md', 'src/destinations/ledger.ts', dropReasonsTable()),
    withTable(read, 'docs/route-script.md', 'src/trace/filter/variables.ts', variablesMarkdown()),
  ]
}

/** The generated files that are not in the repository as they should be. */
export function staleFiles(read = fromRepository): GeneratedFile[] {
  return generatedFiles(read).filter(({ path, text }) => {
    try {
      return read(path) !== text
    } catch {
      return true // not there yet
    }
  })
}

function generatedFrom(source: string): string {
  return `<!-- Generated from ${source} by \`npm run docs\`: edit there. -->`
}

const endOfTable = '<!-- end -->'

/** A page with a generated table between its mark, which names the source, and an end mark. */
function withTable(read: Read, path: string, source: string, table: string): GeneratedFile {
  const page = read(path)
  const start = page.indexOf(generatedFrom(source))
  const end = page.indexOf(endOfTable, start)
  if (start < 0 || end < 0) throw new Error(`${path} lacks ${generatedFrom(source)} or ${endOfTable}`)
  return { path, text: `${page.slice(0, start)}${generatedFrom(source)}\n\n${table}\n\n${page.slice(end)}` }
}

function dropReasonsTable(): string {
  const rows = Object.entries(dropReasons).map(([reason, words]) => `| \`${reason}\` | ${words} |`)
  return ['| reason | what happened |', '| --- | --- |', ...rows].join('\n')
}

const fates: Readonly<Record<CauseEntry['fate'], string>> = {
  refused: 'never carried SIP: refused, or its set-up failed',
  dropped: 'was established and is broken off',
  ended: 'ended in order',
}

function causesReference(): string {
  const row = (code: string, sentence: string, { fate, sipStatus, hint }: CauseEntry) =>
    `| \`${code}\` | ${sentence} | ${fate} | ${sipStatus} | ${hint} |`
  const alert = 'peer-alert-unknown_ca'
  return `${[
    '# Causes',
    generatedFrom('src/base/errors.ts'),
    'Why a connection failed, was refused or ended: `cause` of HEP events, and the same word in logs and metrics.',
    Object.entries(fates)
      .map(([fate, words]) => `- **${fate}**: the connection ${words}.`)
      .join('\n'),
    'SIP is the status a request queued on the connection is answered with, where the gateway answers itself.',
    [
      '| cause | what happened | fate | SIP | look at |',
      '| --- | --- | --- | --- | --- |',
      ...Object.entries(causes).map(([code, entry]) => row(code, entry.sentence, entry)),
      row('peer-alert-…', 'the peer ended the handshake with a TLS alert, named as in RFC 8446 §6', causeEntry(alert)),
    ].join('\n'),
    `So \`${alert}\` reads: ${causeSentence(alert)}.`,
  ].join('\n\n')}\n`
}

if (import.meta.filename === process.argv[1]) {
  const stale = staleFiles()
  if (process.argv.includes('--check')) {
    for (const { path } of stale) console.error(`${path} is not what the code gives: run npm run docs`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    for (const { path, text } of stale) {
      writeFileSync(`${repoRoot}${path}`, text)
      console.log(`wrote ${path}`)
    }
  }
}
