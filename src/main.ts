#!/usr/bin/env node
/** The executable: arguments → command → exit code. */
import { runCli } from './cli/commands.js'

// `hepgate check | head`: who reads has seen enough, which is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCli(process.argv.slice(2), process)
