/**
 * Is the limit on open files high enough for the connections the configuration allows? When it is not,
 * the system closes what comes and tells nobody, so it has to be said before.
 */
import { readFileSync } from 'node:fs'

/** A tunnel is two sockets. */
const perConnection = 2

/** A sentence for the log; undefined where the limit is high enough, or not known (not Linux). */
export function descriptorShortage(maxConnections: number, limits = ownLimits()): string | undefined {
  const most = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  const wanted = maxConnections * perConnection
  if (most === undefined || Number(most) >= wanted) return undefined
  return (
    `${most} files may be open, limits.max_connections (${maxConnections}) needs ${wanted}: ` +
    'raise it (ulimit -Hn, LimitNOFILE=), or lower limits.max_connections'
  )
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
