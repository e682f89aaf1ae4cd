/**
 * Tries a destination as an operator asks for it: a probe event over a link of its own, made as every other link to
 * that destination is. So it does not wait behind what is queued, leaves the counters alone, and tells also of a
 * collector that would take no new connection. Says what it saw; repeats nothing.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { elapsedMs } from '../base/clock.js'
import { silentLog } from '../base/log.js'
import type { DestinationTest } from '../base/ports.js'
import type { HepDestinationConfig } from '../config/types.js'
import type { LinkTiming } from './redial.js'
import { Sender, type SenderSettings } from './sender.js'

const deadlineMs = 5000
/** Whoever asked is a person. */
const pollMs = 10

export async function probe(
  declared: HepDestinationConfig,
  settings: SenderSettings,
  timing: LinkTiming,
  signal: AbortSignal,
): Promise<DestinationTest> {
  const correlation = `hepgate-test-${randomBytes(6).toString('hex')}`
  const sender = new Sender(declared, settings, 0, silentLog, () => {}, timing)
  const sinceMs = performance.now()
  const problem = sender.word(correlation, payloadFor(declared.id, settings))
    ? await problemOf(sender, timing.probeMs, signal)
    : `types=${declared.types.join(',')} of the hep_id keeps events of type 100, and so the probe, from it`
  const ms = elapsedMs(sinceMs)
  await sender.close()
  return { sent: problem === undefined, correlation_id: correlation, ms, problem }
}

/** Of a probe that was not even tried. */
export function untested(problem: string): DestinationTest {
  return { sent: false, correlation_id: '', ms: 0, problem }
}

async function problemOf(sender: Sender, refusalMs: number, signal: AbortSignal): Promise<string | undefined> {
  const isTrying = () => sender.queuedPackets > 0 && sender.status().state !== 'waiting' && !signal.aborted
  await whilst(isTrying, deadlineMs)
  if (sender.queuedPackets > 0) {
    if (signal.aborted) return 'hepgate is stopping'
    return sender.status().lastError ?? `it was not sent within ${deadlineMs} ms`
  }
  // A host where nothing listens says so after the datagram (ICMP), a TLS 1.3 server after it has seen our certificate.
  await whilst(() => sender.status().lastError === undefined && !signal.aborted, refusalMs)
  return sender.status().lastError
}

async function whilst(condition: () => boolean, limitMs: number): Promise<void> {
  const untilMs = performance.now() + limitMs
  while (condition() && performance.now() < untilMs) await delay(pollMs)
}

/** In the shape of every event (docs/events.md). */
function payloadFor(destination: string, { hep_node_name, hep_capture_id }: SenderSettings): string {
  const message = `a test of ${destination} by hepgate ${hep_node_name} (${hep_capture_id}): nothing happened`
  const fields = { Protocol: 'HEP', Event: 'TEST', Status: 'SUCCESS', Message: message, destination }
  return `TEST SUCCESS ${message}\n${JSON.stringify(fields)}`
}
