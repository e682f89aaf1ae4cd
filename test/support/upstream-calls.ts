/** Calls that are told apart by their Call-ID, and the upstream each of them went to. */
import { headerOf, type RequestFields, sipRequest, startLine } from './sip.js'
import type { SipClient } from './sip-client.js'
import type { SipServer } from './sip-server.js'
import { until } from './wait.js'

/** Sends a request for each, and waits until all of them are answered by 200. */
export async function callAll(phone: SipClient, callIds: readonly string[], fields: RequestFields = {}): Promise<void> {
  const waiting = new Set(callIds)
  const before = phone.received.length
  for (const callId of callIds) {
    phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com', ...fields, callId }))
  }
  await until(`answers to ${callIds.length} calls`, () => phone.received.length >= before + callIds.length)
  for (const answer of phone.received.slice(before)) {
    if (startLine(answer) !== 'SIP/2.0 200 OK') throw new Error(`this was answered:\n${answer}`)
    waiting.delete(headerOf(answer, 'Call-ID')!)
  }
  if (waiting.size > 0) throw new Error(`without an answer: ${[...waiting]}`)
}

/** How many of these calls each server got; a call that came to two of them is an error. */
export function shares(servers: readonly SipServer[], callIds: readonly string[]): number[] {
  const wanted = new Set(callIds)
  const seen = new Set<string>()
  return servers.map((server) => {
    const got = new Set(server.requests.map((request) => headerOf(request, 'Call-ID')!).filter((id) => wanted.has(id)))
    for (const id of got) {
      if (seen.has(id)) throw new Error(`${id} came to two servers`)
      seen.add(id)
    }
    return got.size
  })
}

export function callIds(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}@192.0.2.10`)
}
