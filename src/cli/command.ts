/** What a command is, where it prints, and with what it may end. */

/** Where a command prints. `process` is one; tests pass their own. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** What a command's file exports. Returns the exit code; throws UsageError for 2, anything else for 1. */
export interface Command {
  /** printed by `hepgate CMD --help` */
  readonly help: string
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

export const exitCodes = { fine: 0, failed: 1, usage: 2 } as const
