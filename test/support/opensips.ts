/** Runs `hepgate import` on an OpenSIPS configuration and takes what it writes apart. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import type { Scope } from './scope.js'
import { runHepgate } from './terminal.js'
import { tempDir } from './tmp.js'

export interface Imported {
  /** the YAML as written */
  readonly yaml: string
  /** what is in it: tests look at single settings of it, whatever they are */
  readonly settings: ReturnType<typeof parse>
  /** places without their directory: `opensips.cfg:3: …` */
  readonly notes: readonly string[]
}

/** `others`: files beside it, by name. */
export async function imported(t: Scope, text: string, others: Record<string, string> = {}): Promise<Imported> {
  const { code, stdout, stderr } = await runHepgate('import', writeCfg(t, text, others))
  assert.equal(code, 0, stderr)
  const notes = stderr.split('\n').slice(0, -1)
  return { yaml: stdout, settings: parse(stdout), notes: notes.map(withoutDirectory) }
}

/** Code 2 and one sentence are expected; returns the sentence. */
export async function refused(t: Scope, text: string, others: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await runHepgate('import', writeCfg(t, text, others))
  assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
  return withoutDirectory(stderr.replace(/^hepgate import: /, '').trimEnd())
}

export function writeCfg(t: Scope, text: string, others: Record<string, string> = {}): string {
  const dir = tempDir(t)
  for (const [name, content] of Object.entries({ ...others, 'opensips.cfg': text })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), content)
  }
  return join(dir, 'opensips.cfg')
}

function withoutDirectory(line: string): string {
  return line.replace(/^\S*hepgate-test-[^/]*\//, '')
}
