/**
 * What Node.js or a package warns of, in our log: on standard error it would stand as plain text between lines of JSON.
 * Each warning is told once. One that comes with every export would else come for ever, and be exported each time.
 */
import type { Log } from '../base/log.js'

/** A warning may quote anything. */
const maxChars = 300
/** Different ones are few, unless they have numbers in them. */
const maxWarnings = 100

/** From now on, in place of Node's own way to tell them. */
export function logNodeWarnings(log: Log): void {
  const told = new Set<string>()
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    const reason = `${name}: ${message}`.slice(0, maxChars)
    if (told.has(reason) || told.size >= maxWarnings) return
    told.add(reason)
    log.warn({ reason }, 'Node.js warns')
  })
}
