/** What a configuration depends on besides its text: environment, host name, files beside it. Tests pass their own. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, resolve } from 'node:path'

export interface ConfigSource {
  /** path of the file the text came from: relative paths in it start at its directory, else at the working directory */
  readonly file?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly hostName?: string
  readonly homeDir?: string
  /** whether people read the log as it is written */
  readonly terminal?: boolean
  readonly readFile?: (path: string) => string
  readonly fileExists?: (path: string) => boolean
}

export interface Surroundings extends Required<ConfigSource> {
  /** a path of the file, made absolute */
  absolute(path: string): string
}

/** Whatever `source` leaves open is that of this machine. */
export function surroundings(source: ConfigSource): Surroundings {
  const file = source.file === undefined ? undefined : resolve(source.file)
  const base = file === undefined ? process.cwd() : dirname(file)
  return {
    file,
    env: source.env ?? process.env,
    hostName: source.hostName ?? hostname(),
    homeDir: source.homeDir ?? homedir(),
    terminal: source.terminal ?? process.stderr.isTTY === true,
    readFile: source.readFile ?? ((path) => readFileSync(path, 'utf8')),
    fileExists: source.fileExists ?? existsSync,
    absolute: (path) => resolve(base, path),
  }
}
