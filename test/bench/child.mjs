/** Helper processes of the benchmark, and what the kernel says about any process. Linux only. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export function forkScript(name) {
  return fork(fileURLToPath(new URL(name, import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

/** Gives a script (load.mjs) an order and waits until it is done. */
export async function order(child, message) {
  child.send(message)
  const answer = await reply(child)
  if (answer.error !== undefined) throw new Error(answer.error)
}

export async function reply(child) {
  const end = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: end.signal }).then(([message]) => message),
      once(child, 'exit', { signal: end.signal }).then(() => Promise.reject(new Error('a helper process ended'))),
    ])
  } finally {
    end.abort()
  }
}

/**
 * CPU time of all threads of these processes, in ns. From schedstat, which counts ns; /proc/PID/stat counts
 * ticks of 10 ms. Threads that end take their time with them: no peer ends threads while it serves.
 */
export function cpuNanos(pids) {
  let nanos = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
    }
  }
  return nanos
}

/** A process and those it started. */
export function familyOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => familyOf(Number(child)))]
}

/** Resident memory in bytes. */
export function residentBytes(pid) {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1])
}

/** The lowest resident memory seen over some seconds: garbage collectors and allocators give back late. */
export async function settledBytes(pid, seconds) {
  let lowest = Number.POSITIVE_INFINITY
  for (let i = 0; i < seconds * 10; i++) {
    lowest = Math.min(lowest, residentBytes(pid))
    await delay(100)
  }
  return lowest
}

/** A process that listens: waits until it does, fails when it ends before. */
export async function listening(child, port, output) {
  for (let i = 0; i < 500; i++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended:\n${output()}`)
    if (await accepts(port)) return
    await delay(20)
  }
  throw new Error(`${child.spawnfile} does not listen on port ${port}:\n${output()}`)
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A TCP port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
