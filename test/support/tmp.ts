/** Directories that tests write to and that are gone after them. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from './scope.js'

/**
 * A new, empty directory, removed after the test `t`. For a whole file: `tempDir({ after })` with
 * `after` of node:test.
 */
export function tempDir(t: Scope): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'hepgate-test-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
