/** `hepgate import`: an OpenSIPS configuration in, ours out, and a list of what a person has to look at. */
import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import { UsageError } from '../base/errors.js'
import { ConfigError, parseConfig } from '../config/load.js'
import { exitCodes, type Terminal } from './command.js'
import { convert } from './opensips/convert.js'
import { readSource, type Source } from './opensips/source.js'
import { ReadError } from './opensips/tokens.js'
import { yamlText } from './opensips/yaml.js'
import { parseOptions } from './options.js'

export const help = `usage: hepgate import FILE [--output FILE] [--force]

  -o, --output FILE   where to write it; default: standard output
  -f, --force         write over what is there

reads an opensips.cfg with the files it includes: sockets, proto_tls, tls_mgm, proto_hep and the trace
filter route. What could not be carried over, or means something else here, is listed with its line on
standard error and at the top of what is written. Exit code 2: it is no configuration of OpenSIPS.
`

export async function run(args: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { output: { type: 'string', short: 'o' }, force: { type: 'boolean', short: 'f', default: false } },
    ['FILE'],
  )
  const [file] = positionals
  const { yaml, notes } = imported(readSource(file), file)
  const { output } = values
  if (output === undefined) stdout.write(yaml)
  else write(output, yaml, file, values.force)
  for (const note of notes) stderr.write(`${note}\n`)
  if (output !== undefined) stderr.write(`wrote ${output}; next: hepgate check --config ${output}\n`)
  return exitCodes.fine
}

function imported(source: Source, file: string): { yaml: string; notes: readonly string[] } {
  const conversion = converted(source)
  if (conversion === undefined) {
    throw new UsageError(`${file}: no configuration of OpenSIPS: no socket, no modparam and no route in it`)
  }
  const { draft, notes } = conversion
  const place = (at: number) => source.place(at)
  for (const problem of problemsOf(yamlText(draft, [], place))) notes.addGeneral(`To be changed: ${problem}.`)
  const lines = notes.lines(place)
  return { yaml: yamlText(draft, header(file, lines), place), notes: lines }
}

function converted(source: Source) {
  try {
    return convert(source)
  } catch (error) {
    if (!(error instanceof ReadError)) throw error
    throw new UsageError(`${source.place(error.at)}: ${error.message}`)
  }
}

/** What the loader will say. */
function problemsOf(yaml: string): string[] {
  try {
    parseConfig(yaml)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  }
}

function header(file: string, notes: readonly string[]): string[] {
  return [
    `Made by \`hepgate import\` from ${file}; settings that are as by default are left out.`,
    ...(notes.length > 0 ? ['', 'To look at:', ...notes.map((note) => `- ${note}`)] : []),
  ]
}

function write(output: string, yaml: string, source: string, force: boolean): void {
  if (existsSync(output) && realpathSync(output) === realpathSync(source)) {
    throw new UsageError(`${output} is what is imported: write to another file`)
  }
  try {
    writeFileSync(output, yaml, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'exists already; --force writes over it' : `cannot be written (${code})`
    throw new UsageError(`${output} ${why}`)
  }
}
