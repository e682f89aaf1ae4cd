/** Parses configuration texts as on a machine that is the same everywhere. */
import assert from 'node:assert/strict'
import { ConfigError, type Problem, parseConfig } from '../../../src/config/load.js'
import type { ConfigSource } from '../../../src/config/surroundings.js'
import type { Config } from '../../../src/config/types.js'

/** A file in /etc/hepgate on a host with an odd name, without environment and without other files. */
export const machine: ConfigSource = {
  file: '/etc/hepgate/hepgate.yaml',
  env: {},
  hostName: 'edge 1.example',
  homeDir: '/home/op',
  terminal: false,
  fileExists: () => false,
  readFile: (path) => {
    throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
  },
}

/** The SHA-256 of no token that anybody has. */
export const digest = '0123456789abcdef'.repeat(4)

/** The least a file needs, followed by `rest`. */
export function parse(rest: string, source: ConfigSource = {}): Config {
  return parseConfig(`socket: tls:127.0.0.1\n${rest}`, { ...machine, ...source })
}

/** The problems of a whole file. */
export function problemsOf(text: string, source: ConfigSource = {}): readonly Problem[] {
  try {
    parseConfig(text, { ...machine, ...source })
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
  assert.fail('the file was accepted')
}

/** The only problem of the least file followed by `rest`; line 2 is the first of `rest`. */
export function problemOf(rest: string, source: ConfigSource = {}): Problem {
  const problems = problemsOf(`socket: tls:127.0.0.1\n${rest}`, source)
  assert.equal(problems.length, 1, JSON.stringify(problems))
  return problems[0] as Problem
}
