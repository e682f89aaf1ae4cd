/**
 * Real programs in tests: started, watched for what they print, ended with the test that owns them.
 * (test/run.mjs ends the whole process group of a test file, so nothing outlives a test that crashes.)
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Scope } from './scope.js'
import { patienceMs, within } from './wait.js'

export type { Scope }

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** A program that has not ended this long after it was asked to is killed. */
const stopDeadlineMs = 5000

export class TestProcess {
  readonly ended: Promise<Exit>
  #output = ''
  #exit: Exit | undefined
  #waiters = new Set<() => void>()

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#wake()
      })
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        this.#exit = { code, signal }
        resolve(this.#exit)
        this.#wake()
      })
    })
    this.ended.catch(() => {}) // who waits for it hears of it
  }

  get pid(): number {
    return this.child.pid!
  }

  get running(): boolean {
    return this.#exit === undefined
  }

  /** what it printed so far, both streams */
  get output(): string {
    return this.#output
  }

  /** Waits until the output matches; fails with the output when the program ends before, or the time is over. */
  async printed(pattern: RegExp, deadlineMs = patienceMs): Promise<RegExpExecArray> {
    const end = performance.now() + deadlineMs
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match !== null) return match
      if (!this.running) throw new Error(`${this.name} ended without printing ${pattern}:\n${this.#output}`)
      const left = end - performance.now()
      if (left <= 0) throw new Error(`${this.name} did not print ${pattern} in ${deadlineMs} ms:\n${this.#output}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          this.#waiters.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, left)
        this.#waiters.add(wake)
      })
    }
  }

  write(text: string | Buffer): void {
    this.child.stdin!.write(text)
  }

  endInput(): void {
    this.child.stdin!.end()
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Asks it to end, and kills it when it does not. May be called again. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    if (this.running) this.child.kill(signal)
    const kill = setTimeout(() => this.child.kill('SIGKILL'), stopDeadlineMs)
    try {
      return await this.ended
    } finally {
      clearTimeout(kill)
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake()
  }
}

/** Starts a program that lives as long as the test. Its standard input stays open: some programs end with it. */
export function startProcess(
  scope: Scope,
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): TestProcess {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  child.stdin.on('error', () => {}) // it ended before it read everything
  const started = new TestProcess(command.split('/').at(-1)!, child)
  scope.after(async () => {
    await started.stop()
  })
  return started
}

export interface Finished extends Exit {
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: StartOptions & { readonly input?: string | Buffer; readonly deadlineMs?: number } = {},
): Promise<Finished> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {}) // it ended before it read everything
  child.stdin.end(options.input ?? '')
  const ended = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  try {
    return await within(`${command} to end`, ended, options.deadlineMs ?? patienceMs)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error })
  }
}
