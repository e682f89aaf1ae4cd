/** What a HEP collector must have got when a connection failed: the event with its cause, CLOSED, and addresses in both. */
import assert from 'node:assert/strict'
import { eventOf, type HepRecord } from './hep-collector.js'
import { networkOf } from './hep-network.js'
import type { EventFields, Scene } from './scene.js'

/**
 * Waits for the event `name` of a connection with this cause and for its CLOSED, and checks what every such
 * pair must have. `fields` tells which connection, best by `peer`.
 */
export async function assertFailure(
  scene: Scene,
  name: 'ACCEPTED' | 'CONNECTED' | 'ERROR',
  cause: string,
  fields: EventFields,
): Promise<{ event: EventFields; closed: EventFields }> {
  const event = await scene.event(name, { ...fields, conn_id: (await scene.event('CLOSED', fields)).conn_id })
  const closed = await scene.event('CLOSED', { conn_id: event.conn_id })
  assert.equal(event.cause, cause, `${event.Message}`)
  assert.equal(event.Status, 'FAILURE')
  assert.match(String(event.Message), /^\S+( \S+){2}/, 'the message is a sentence')
  assertNetwork(scene.recordOf(event))

  assert.equal(closed.Status, 'FAILURE')
  assert.equal(closed.cause, cause)
  assert.equal(closed.peer, event.peer)
  assert.equal(closed.local, event.local)
  assertNetwork(scene.recordOf(closed))
  const all = scene.events({ conn_id: event.conn_id })
  assert.equal(all.at(-1)?.Event, 'CLOSED', 'CLOSED is the last word')
  assert.equal(all.filter((one) => one.Event === 'CLOSED' && one.call_id === undefined).length, 1)
  return { event, closed }
}

/** The chunks of an event say the same as its payload, from the side that initiated to the other. */
export function assertNetwork(record: HepRecord): void {
  const { source, destination } = networkOf(record)
  const { peer, local, direction } = eventOf(record)
  const ends = direction === 'in' ? [peer, local] : [local, peer]
  assert.deepEqual([source, destination].map(known), ends)
}

/** The chunks must hold something where the payload says nothing: before there was a socket, or an address. */
function known(end: string): string | undefined {
  return end.startsWith('0.0.0.0:') ? undefined : end
}
