/** A reload changes who is trusted at once, on connections that are open too. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { registered } from '../support/edge-cast.js'
import { reconfigure } from '../support/reconfigure.js'
import { headersOf, sipRequest, token } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { certified, startTrustCast } from '../support/trust-cast.js'

const cast = await startTrustCast({ after }, { trust: { domains: ['first.example'] } })
const { scene, core } = cast

async function trustOnly(...domains: string[]): Promise<void> {
  await reconfigure(scene.gateway, ({ trust }) => Object.assign(trust!, { domains }))
}

/** A call from there: what the core hears of it, and what its record in the flow of the call says. */
async function verdictOn(client: SipStream): Promise<[string | undefined, unknown]> {
  const callId = `${token()}@reload`
  client.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', callId }))
  const [header] = headersOf(await core.next(), 'X-Hepgate-Trusted')
  return [header, (await scene.event('TLS_SESSION', { call_id: callId, peer: client.address })).trusted]
}

test('open connections are judged by the new list, and go on', async () => {
  const first = await cast.phone(certified({ dns: ['first.example'] }))
  const second = await cast.phone(certified({ dns: ['second.example'] }))
  const stranger = await cast.phone()
  const all = async () => [await verdictOn(first), await verdictOn(second), await verdictOn(stranger)]
  const [yes, no] = [
    ['yes', true],
    ['no', false],
  ]
  assert.deepEqual(await all(), [yes, no, no])
  await trustOnly('second.example')
  assert.deepEqual(await all(), [no, yes, no])
  await trustOnly('first.example', 'second.example')
  assert.deepEqual(await all(), [yes, yes, no])
  await trustOnly()
  assert.deepEqual(await all(), [no, no, no])
  for (const { address } of [first, second, stranger]) {
    assert.equal((await scene.live(address)).trusted, false)
    assert.equal(scene.events({ Event: 'ACCEPTED', peer: address }).length, 1, 'it is the same connection')
  }
})

test('our own side stays trusted, whatever the list says', async () => {
  const ring = 'Bellcore-dr2'
  await reconfigure(scene.gateway, ({ trust }) =>
    Object.assign(trust!, { domains: [], alert_info: { phone: 'cisco_ata', ring } }),
  )
  const { phone, path } = await registered(cast)
  core.send(sipRequest({ method: 'INVITE', headers: [`Route: ${path}`] }))
  assert.deepEqual(headersOf(await phone.next(), 'Alert-Info'), [ring])
})

test('a list that cannot be read changes nothing', async () => {
  await trustOnly('first.example')
  const client = await cast.phone(certified({ dns: ['first.example'] }))
  await assert.rejects(trustOnly('*.example'))
  assert.deepEqual(await verdictOn(client), ['yes', true])
})
