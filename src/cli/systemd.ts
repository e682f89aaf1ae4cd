/**
 * What systemd wants to hear from a service of `Type=notify` (sd_notify(3), systemd.service(5)): that it is ready, reloads
 * or stops, and every now and then that its event loop turns. Silent where systemd does not ask. It never keeps the
 * process alive, and what goes wrong here costs a line in the log.
 *
 * systemd listens on a datagram socket, which Node.js cannot speak: the program systemd-notify does. Starting it from
 * here would hold up the event loop each time, because the kernel copies the page tables of whoever forks: 2 ms at
 * 150 MB resident, 30 ms at 1.8 GB. So a shell is started once, while we are small; it reads a line for each message:
 *
 *     gateway ──line──▶ sh ──▶ systemd-notify ──datagram──▶ systemd
 *
 * One after the other, each when systemd has taken the one before (systemd-notify waits for that, 5 s at most), so none
 * overtakes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { maxTimerMs } from '../base/duration.js'
import type { Log } from '../base/log.js'
import { oneLine } from './one-line.js'

export class Systemd {
  readonly #log: Log
  /** undefined: nobody listens */
  readonly #socket: string | undefined
  readonly #path: string | undefined
  readonly #watchdogMs: number | undefined
  #shell: Shell | undefined
  #watchdog: NodeJS.Timeout | undefined
  #reloads = 0
  #hasWarned = false

  /** Takes what is meant for this process alone out of `env`: no child shall speak for us. */
  constructor(env: NodeJS.ProcessEnv, log: Log) {
    this.#log = log
    this.#socket = env.NOTIFY_SOCKET || undefined
    this.#path = env.PATH
    this.#watchdogMs = watchdogMs(env)
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
  }

  /** From now on it is also told that the event loop turns. */
  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`)
    if (this.#socket === undefined || this.#watchdogMs === undefined || this.#watchdog !== undefined) return
    this.#watchdog = setInterval(() => this.#tell('WATCHDOG=1'), this.#watchdogMs).unref()
  }

  /** The service reloads until `work` is over, whose result is its status then. Several may overlap. */
  async reloading(work: () => Promise<string>): Promise<void> {
    this.#reloads++
    // systemd.service(5): since which moment, for units of Type=notify-reload
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
    let status = 'the reload failed'
    try {
      status = await work()
    } finally {
      this.#reloads--
      this.#tell(...(this.#reloads === 0 ? ['READY=1'] : []), `STATUS=${status}`)
    }
  }

  /** `withinMs`: how long it may take; TimeoutStopSec= of the unit need not know. */
  stopping(withinMs: number, status: string): void {
    this.#tell('STOPPING=1', `EXTEND_TIMEOUT_USEC=${withinMs * 1000}`, `STATUS=${status}`)
  }

  #tell(...assignments: readonly string[]): void {
    if (this.#socket === undefined) return
    try {
      this.#shell ??= this.#startShell(this.#socket)
      this.#shell.stdin?.write(`${assignments.map(oneField).join('\t')}\n`)
    } catch (error) {
      this.#warn(String(error)) // no memory left for another process, for one
    }
  }

  #startShell(socket: string): Shell {
    const shell = spawn('/bin/sh', ['-f', '-c', script], {
      env: { NOTIFY_SOCKET: socket, ...(this.#path === undefined ? {} : { PATH: this.#path }) },
      stdio: ['pipe', 'ignore', 'pipe'],
    }) as Shell
    // The next message starts another: without it systemd would miss the watchdog, and end a healthy gateway.
    const gone = (): void => {
      if (this.#shell === shell) this.#shell = undefined
    }
    shell.once('exit', gone)
    shell.once('error', (error) => {
      gone()
      this.#warn(error.message)
    })
    shell.stdin?.on('error', gone)
    this.#hearComplaints(shell)
    for (const handle of [shell, shell.stdin, shell.stderr]) handle?.unref()
    return shell
  }

  /** A line at a time, which dash writes in pieces. */
  #hearComplaints({ stderr }: Shell): void {
    let said = ''
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (!said.endsWith('\n')) return
      this.#warn(said.trim())
      said = ''
    })
  }

  /** Once: what keeps one message from arriving keeps the others too. */
  #warn(problem: string): void {
    if (!this.#hasWarned) this.#log.warn({ problem }, 'systemd cannot be told how the gateway is')
    this.#hasWarned = true
  }
}

/** Without its pipes where there were no descriptors left for them; `error` follows then. */
interface Shell extends ChildProcess {
  readonly stdin: Socket | null
  readonly stderr: Socket | null
}

/**
 * A line is the assignments of one message, tabs between them. Signals that systemd sends to every process of a unit
 * are for the gateway: the shell ends when the gateway has.
 */
const script = `trap '' HUP INT TERM
IFS='\t'
while read -r line; do systemd-notify $line </dev/null; done`

/** WATCHDOG_PID: whom the variables are meant for; a wrapper may have handed them on. Twice as often as must be. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid) return undefined
  const ms = Math.floor(Number(WATCHDOG_USEC) / 2000)
  return ms > 0 ? Math.min(ms, maxTimerMs) : undefined
}

/** systemd ignores a message of more than 4096 octets as a whole, READY=1 in it included. */
const maxFieldChars = 1000

/** Tabs and line ends are ours. */
function oneField(text: string): string {
  return oneLine(text.slice(0, maxFieldChars))
}
