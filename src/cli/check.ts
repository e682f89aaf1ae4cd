/** `hepgate check`: says what is wrong with a configuration, and what it would run. */
import { readFileSync } from 'node:fs'
import { defaultText } from '../config/defaults.js'
import { ConfigError, defaultConfig, loadConfig } from '../config/load.js'
import { exitCodes, type Terminal } from './command.js'
import { fileProblem, type InspectionProblem, inspect, isError } from './inspection.js'
import { parseOptions } from './options.js'
import { type Plan, planOf, planText } from './plan.js'

export const help = `usage: hepgate check [--config FILE] [--json]

  -c, --config FILE   the configuration; without it the built-in defaults
  -j, --json          as one JSON object

reads the file, certificates, keys and routes, and prints every problem with its place, and what
would run. Exit code 2: the gateway would not start with it.
`

export interface Report {
  readonly problems: readonly InspectionProblem[]
  /** undefined: nothing would run */
  readonly plan: Plan | undefined
}

export async function run(args: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  const { values } = parseOptions(args, {
    config: { type: 'string', short: 'c' },
    json: { type: 'boolean', short: 'j', default: false },
  })
  const { problems, plan } = await report(values.config)
  const ok = plan !== undefined
  if (values.json) {
    stdout.write(`${JSON.stringify({ ok, file: values.config, problems, plan }, undefined, 2)}\n`)
  } else {
    for (const { place, severity, message } of problems) stderr.write(`${place}: ${severity}: ${message}\n`)
    if (ok) stdout.write(`${planText(plan)}${values.config ?? 'the built-in configuration'} is fine\n`)
  }
  return ok ? exitCodes.fine : exitCodes.usage
}

/** Everything that is wrong with a file, or with the built-in configuration, and what it would run. */
export async function report(file: string | undefined): Promise<Report> {
  try {
    const config = file === undefined ? defaultConfig() : loadConfig(file)
    const text = file === undefined ? defaultText : readFileSync(file, 'utf8')
    const { problems, domains } = await inspect(config, text)
    return { problems, plan: problems.some(isError) ? undefined : planOf(config, domains) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { problems: error.problems.map((problem) => fileProblem('error', problem, file)), plan: undefined }
  }
}
