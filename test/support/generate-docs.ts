/**
 * The files of this repository that are generated from tables in the code. `npm run docs` writes them;
 * with `--check` it only says which differ, as a unit test does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type CauseEntry, causeEntry, causeSentence, causes } from '../../src/base/errors.js'
import { editorSchema } from '../../src/config/json-schema.js'
import { configurationReference } from '../../src/config/reference.js'
import { repoRoot } from './paths.js'

export interface GeneratedFile {
  /** relative to the repository */
  readonly path: string
  readonly text: string
}

export function generatedFiles(): GeneratedFile[] {
  return [
    { path: 'config/hepgate.schema.json', text: editorSchema() },
    { path: 'docs/configuration.md', text: configurationReference() },
    { path: 'docs/causes.md', text: causesReference() },
  ]
}

/** The generated files that are not in the repository as they should be. */
export function staleFiles(): GeneratedFile[] {
  return generatedFiles().filter(({ path, text }) => {
    try {
      return readFileSync(`${repoRoot}${path}`, 'utf8') !== text
    } catch {
      return true // not there yet
    }
  })
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
    '<!-- Generated from src/base/errors.ts by `npm run docs`: edit there. -->',
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
