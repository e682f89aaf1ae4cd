/** Resident memory of another process, as Linux tells it. */
import { readFileSync } from 'node:fs'

export function residentBytes(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  if (kb === undefined) throw new Error(`process ${pid} has no memory: it has ended`)
  return Number(kb) * 1024
}
