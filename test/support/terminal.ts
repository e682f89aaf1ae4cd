/** Runs a command of hepgate inside the test and keeps what it prints. */
import { runCli } from '../../src/cli/commands.js'

export interface CliOutcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function runHepgate(...argv: string[]): Promise<CliOutcome> {
  const printed = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      printed[name] += text
    },
  })
  const code = await runCli(argv, { stdout: sink('stdout'), stderr: sink('stderr') })
  return { code, ...printed }
}
