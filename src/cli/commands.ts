/**
 * The one table of commands, and what is common to them: help, version, exit codes. A command's code
 * is loaded when it is asked for.
 */
import { UsageError } from '../base/errors.js'
import { type Command, exitCodes, type Terminal } from './command.js'
import { version } from './version.js'

const commands: Readonly<Record<string, { summary: string; load(): Promise<Command> }>> = {
  run: { summary: 'run the gateway', load: () => import('./run.js') },
  check: { summary: 'validate a configuration and print what would run', load: () => import('./check.js') },
  import: { summary: 'make a configuration from an opensips.cfg', load: () => import('./import.js') },
  trace: { summary: 'switch tracing of a running gateway on or off', load: () => import('./trace.js') },
  log: { summary: 'show or change the log levels of a running gateway', load: () => import('./log-levels.js') },
  token: { summary: 'make a token for the HTTP API', load: () => import('./token.js') },
  'hep-dump': { summary: 'print HEP packets as people read them', load: () => import('./hep-dump.js') },
  replay: { summary: 'send the SIP of a capture file to a HEP collector', load: () => import('./replay.js') },
  'hep-test': {
    summary: 'send a probe call to a HEP collector, to search for there',
    load: () => import('./hep-test.js'),
  },
  homer: { summary: 'look at a Homer 7, and have it show TLS events in calls', load: () => import('./homer/homer.js') },
}

const help = `hepgate: SIP-over-TLS edge gateway that shows what happens inside TLS

usage: hepgate COMMAND [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

  hepgate COMMAND --help   the options of a command
  hepgate --version

exit codes: 0 fine, 1 failed while running, 2 bad usage or configuration
`

export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...args] = argv
  if (name === undefined) {
    terminal.stderr.write(help)
    return exitCodes.usage
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    terminal.stdout.write(help)
    return exitCodes.fine
  }
  if (name === '--version' || name === '-V') {
    terminal.stdout.write(`${version()}\n`)
    return exitCodes.fine
  }
  return await runCommand(name, args, terminal)
}

async function runCommand(name: string, args: readonly string[], terminal: Terminal): Promise<number> {
  if (!Object.hasOwn(commands, name)) {
    terminal.stderr.write(`hepgate: there is no command ${name}; try hepgate --help\n`)
    return exitCodes.usage
  }
  try {
    const command = await commands[name].load()
    if (!args.includes('--help') && !args.includes('-h')) return await command.run(args, terminal)
    terminal.stdout.write(command.help)
    return exitCodes.fine
  } catch (error) {
    terminal.stderr.write(complaint(name, error))
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed
  }
}

/** Several problems, each with its place, begin their lines with it: editors open them. */
function complaint(name: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return `hepgate ${name}:${message.includes('\n') ? '\n' : ' '}${message}\n`
}
