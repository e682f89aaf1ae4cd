/** Messages that edge mode sends, as those who look at messages are told of them: with the place of the Call-ID in each. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { channels, type MessageSeen } from '../../../src/base/channels.js'
import { EdgeInProcess } from '../../support/edge-in-process.js'
import { changed, sipAnswer, sipRequest } from '../../support/sip.js'

/** A name of the connection, the first word of the message, its Call-ID. */
function sent(t: TestContext, names: Readonly<Record<string, string>>): string[][] {
  const seen: string[][] = []
  const see = (message: unknown): void => {
    const { facts, buf, start, end, callIdStart, callIdEnd } = message as MessageSeen
    const [word] = buf.toString('latin1', start, end).split(' ')
    seen.push([names[facts.id]!, word!, buf.toString('latin1', callIdStart, callIdEnd)])
  }
  channels.message.subscribe(see)
  t.after(() => channels.message.unsubscribe(see))
  return seen
}

test('what is relayed, changed as it is, and answers of our own', (t) => {
  const edge = new EdgeInProcess()
  const phone = edge.phone()
  const seen = sent(t, { [phone.facts.id]: 'phone', [edge.core.facts.id]: 'core' })
  phone.says(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', callId: 'one@a' }))
  edge.core.says(sipAnswer(edge.core.written.at(-1)!))
  phone.says(changed(sipRequest({ callId: 'two@a' }), 'Max-Forwards: 70', 'Max-Forwards: 0'))
  assert.deepEqual(seen, [
    ['core', 'INVITE', 'one@a'],
    ['phone', 'SIP/2.0', 'one@a'],
    ['phone', 'SIP/2.0', 'two@a'],
  ])
})

test('a response without a Call-ID has none', (t) => {
  const edge = new EdgeInProcess()
  const phone = edge.phone()
  phone.says(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
  const seen = sent(t, { [phone.facts.id]: 'phone' })
  edge.core.says(changed(sipAnswer(edge.core.written.at(-1)!), /Call-ID: .*\r\n/, ''))
  assert.deepEqual(
    seen.filter(([, , callId]) => callId !== ''),
    [],
  )
})
