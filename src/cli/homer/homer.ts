/**
 * `hepgate homer`: finds out what a Homer 7 looks up for a call, and has it look up TLS events too. Shows what it would
 * write before it does, keeps what was there in a file, and touches no lookup of other people. Writes to Homer's
 * mappings only, never to its traces.
 */
import { createInterface } from 'node:readline/promises'
import { isDeepStrictEqual } from 'node:util'
import { UsageError } from '../../base/errors.js'
import { exitCodes, type Terminal } from '../command.js'
import { parseOptions } from '../options.js'
import { serverUrl } from '../reach.js'
import { secretOption } from '../secret-option.js'
import { type HomerApp, type Login, openHomer } from './app.js'
import { newBackup, planRestore, readBackup, writeBackup } from './backup.js'
import { changes, type EventForm, type MappingRow, planMapping, type RowPlan } from './mapping.js'
import { diffText, planText } from './report.js'

const passwordVariable = 'HOMER_PASSWORD'

export const help = `usage: hepgate homer check --url URL [options]
       hepgate homer install --url URL [--dry-run | --yes] [options]
       hepgate homer restore --url URL --backup FILE [--dry-run | --yes] [options]

  check     what Homer looks up for a call, and what is missing or wrong; exit code 1: something is
  install   has it look up the events of a call's TLS connections, and mends the seeded lookups that fail
  restore   takes back what an install wrote, and leaves what others wrote since

  --url URL          Homer's web interface: http://homer:9080
  --user NAME        who logs in, default admin; an administrator where something is written
  --password WHERE   env:NAME or file:PATH; default env:${passwordVariable}
  --token WHERE      instead: an Auth-Token of Homer, env:NAME or file:PATH
  --form FORM        log (default) or opensips: the form of the destination
  --backup FILE      where the lookups are kept as they were; default hepgate-homer-TIME.json. With restore: the
                     file of that install; what is there then is kept beside it
  --dry-run          shows the change and makes none
  --yes              writes without asking

for Homer 7; Homer 11 has no such mapping, and shows TLS_SESSION and failures by itself
`

const actions = ['check', 'install', 'restore'] as const
type Action = (typeof actions)[number]

const options = {
  url: { type: 'string' },
  user: { type: 'string', default: 'admin' },
  password: { type: 'string' },
  token: { type: 'string' },
  form: { type: 'string', default: 'log' },
  backup: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
} as const

export async function run(args: readonly string[], { stdout }: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(args, options, [actions.join(', ')])
  const action = actionOf(positionals[0])
  const form = formOf(values.form)
  const url = urlOf(values.url)
  if (action === 'check' && (values.yes || values['dry-run'])) throw new UsageError('check writes nothing anyway')
  const kept = action === 'restore' ? readBackup(values.backup) : undefined
  const homer = await openHomer(url, () => loginOf(values))
  if (homer.generation === 11) {
    stdout.write(`${url} is a Homer 11 (${homer.version}), which has no such mapping and shows TLS_SESSION by itself\n`)
    return exitCodes.fine
  }
  const { app } = homer
  const rows = await app.rows()
  const plan = kept === undefined ? planMapping(rows, form) : planRestore(rows, kept)
  const pending = plan.rows.filter(changes)
  stdout.write(`${url} is a Homer 7\n\n${planText(plan)}`)
  if (action === 'check') return pending.length + plan.notes.length === 0 ? exitCodes.fine : exitCodes.failed
  stdout.write(pending.length === 0 ? '\nnothing to do\n' : `\n${diffText(pending)}\n`)
  if (pending.length === 0 || values['dry-run']) return exitCodes.fine
  if (!values.yes && !(await agreed(`write this to ${url}? [y/N] `))) throw new Error('nothing was written')
  await refuseChanged(app, pending)
  const backup = action === 'install' && values.backup ? values.backup : newBackup(values.backup ?? '')
  writeBackup(backup, pending)
  stdout.write(`kept what was there in ${backup}\n`)
  await write(app, pending, backup)
  stdout.write(`${kept ? 'restored' : 'installed'}: ${pending.length} mappings written\n`)
  return exitCodes.fine
}

/** Somebody may have changed a row while the question stood. */
async function refuseChanged(app: HomerApp, pending: readonly RowPlan[]): Promise<void> {
  const rows = pending.map(({ row }) => row)
  if (await areThere(app, rows)) return
  throw new Error('somebody else changed these mappings meanwhile: nothing was written, run it again')
}

/** Homer may fail half way, or keep something else than it was sent. */
async function write(app: HomerApp, pending: readonly RowPlan[], backup: string): Promise<void> {
  let count = 0
  try {
    for (const { row, written } of pending) {
      await app.update(row, written)
      count++
    }
    const rows = pending.map(({ row, written }) => ({ ...row, correlation_mapping: written }))
    if (!(await areThere(app, rows))) throw new Error('Homer took the mappings, but they read otherwise')
  } catch (error) {
    if (count === 0) throw error
    const state = `${count} of ${pending.length} mappings were written`
    throw new Error(`${(error as Error).message}; ${state}: run it again, or hepgate homer restore --backup ${backup}`)
  }
}

async function areThere(app: HomerApp, rows: readonly MappingRow[]): Promise<boolean> {
  const now = new Map((await app.rows()).map((row) => [row.guid, row]))
  return rows.every((row) => isDeepStrictEqual(now.get(row.guid), row))
}

async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('nobody can be asked here: --yes writes, --dry-run does not')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}

function actionOf(word: string | undefined): Action {
  const action = actions.find((known) => known === word)
  if (action === undefined) throw new UsageError(`homer check, install or restore, not ${word}`)
  return action
}

function formOf(form: string): EventForm {
  if (form === 'log' || form === 'opensips') return form
  throw new UsageError(`--form log or opensips, not ${form}`)
}

function urlOf(url: string | undefined): string {
  if (url === undefined) throw new UsageError('--url is missing: the address of Homer, http://homer:9080')
  return serverUrl(url)
}

interface LoginValues {
  readonly user: string
  readonly password?: string | undefined
  readonly token?: string | undefined
}

function loginOf({ user, password, token }: LoginValues): Login {
  if (token !== undefined) {
    if (password !== undefined) throw new UsageError('--token and --password: one of them')
    return { token: secretOption('--token', token, 'token') }
  }
  if (password === undefined && !process.env[passwordVariable]) {
    throw new UsageError(`Homer wants a password: set ${passwordVariable}, or --password env:NAME or file:PATH`)
  }
  return { user, password: secretOption('--password', password ?? `env:${passwordVariable}`, 'password') }
}
