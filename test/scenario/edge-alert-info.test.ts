/** Phones ring differently for trusted calls: Alert-Info is set for those, and taken from everybody else. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { type Registered, registered } from '../support/edge-cast.js'
import { reconfigure } from '../support/reconfigure.js'
import { headerOf, headersOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { certified, startTrustCast, trustedDomain } from '../support/trust-cast.js'

const verdict = 'X-Hepgate-Trusted'
const cast = await startTrustCast({ after }, { trust: { alert_info: { phone: 'cisco_ata', ring: 'Bellcore-dr4' } } })
const { core } = cast
const callee = await registered(cast)
const [trusted, stranger] = [await cast.phone(certified({ dns: [trustedDomain] })), await cast.phone()]

/** What Alert-Info a call from the core has when it comes to a phone. */
async function ring({ phone, path }: Registered, fields: RequestFields = {}): Promise<string[]> {
  const { headers = [], ...others } = fields
  const method = fields.method ?? 'INVITE'
  core.send(
    sipRequest({
      ...others,
      method,
      uri: 'sip:bob@example.com',
      transport: 'TCP',
      headers: [`Route: ${path}`, ...headers],
    }),
  )
  const arrived = await phone.next()
  assert.equal(startLine(arrived).split(' ')[0], method)
  return headersOf(arrived, 'Alert-Info')
}

/** The same of a call that comes from a client, and that the core sends on with what it got. */
async function ringOfCallFrom(caller: SipStream, headers: readonly string[] = []): Promise<string[]> {
  const request = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', headers })
  caller.send(request)
  const arrived = await core.next()
  const passed = [
    `${verdict}: ${headerOf(arrived, verdict)}`,
    ...headersOf(arrived, 'Alert-Info').map((v) => `Alert-Info: ${v}`),
  ]
  return ring(callee, { headers: passed })
}

test('a call of our own side rings by the configured value', async () => {
  assert.deepEqual(await ring(callee), ['Bellcore-dr4'])
})

test('a call from a trusted peer does, one from anybody else does not', async () => {
  assert.deepEqual(await ringOfCallFrom(trusted), ['Bellcore-dr4'])
  assert.deepEqual(await ringOfCallFrom(stranger), [])
})

test('by a header of the core with `no` the call stays untrusted, in whatever case it is written', async () => {
  for (const header of [`${verdict}: no`, `x-hepgate-trusted:   NO`, `${verdict}:\r\n no`]) {
    assert.deepEqual(await ring(callee, { headers: [header, 'Alert-Info: <http://192.0.2.1/ring.wav>'] }), [], header)
  }
  assert.deepEqual(await ring(callee, { headers: [`${verdict}: yes`] }), ['Bellcore-dr4'])
})

test('an Alert-Info of the core stays as it is', async () => {
  const own = ['<http://192.0.2.1/core.wav>', 'Bellcore-dr1']
  const headers = own.map((value) => `Alert-Info: ${value}`)
  assert.deepEqual(await ring(callee, { headers }), own)
})

const presets: [string, string, string][] = [
  ['cisco_ata', 'Bellcore-dr1', 'Bellcore-dr1'],
  ['cisco_7960', 'Chime, low', 'Chime, low'],
  ['snom', 'http://192.0.2.1/ring.wav', '<http://192.0.2.1/ring.wav>'],
  ['other', '<urn:alert:service:normal>;info=external', '<urn:alert:service:normal>;info=external'],
]
for (const [phone, name, value] of presets) {
  test(`${phone}: a reload makes calls ring by ${value}`, async () => {
    await reconfigure(cast.scene.gateway, ({ trust }) => Object.assign(trust!, { alert_info: { phone, ring: name } }))
    assert.deepEqual(await ring(callee), [value])
    assert.deepEqual(await ringOfCallFrom(trusted), [value])
    assert.deepEqual(await ringOfCallFrom(stranger), [])
  })
}

test('only a new call rings: no re-INVITE, no other method', async () => {
  assert.deepEqual(await ring(callee, { to: '<sip:bob@example.com>;tag=1' }), [])
  for (const method of ['ACK', 'BYE', 'CANCEL', 'MESSAGE', 'OPTIONS', 'UPDATE', 'REFER', 'SUBSCRIBE']) {
    assert.deepEqual(await ring(callee, { method }), [], method)
  }
})

test('an Alert-Info of a stranger is gone, in every spelling and every request', async () => {
  for (const lines of [
    ['Alert-Info: <http://192.0.2.1/loud.wav>'],
    ['alert-INFO: Bellcore-dr1', 'Subject: between', 'ALERT-INFO : Bellcore-dr2'],
    ['Alert-Info:\r\n <http://192.0.2.1/loud.wav>,\r\n\tBellcore-dr3'],
  ]) {
    for (const method of ['INVITE', 'MESSAGE', 'UPDATE']) {
      stranger.send(sipRequest({ method, uri: 'sip:bob@example.com', headers: lines }))
      const arrived = await core.next()
      assert.doesNotMatch(arrived.toString('latin1'), /alert-info|bellcore|loud/i)
    }
  }
})

test('an Alert-Info of a trusted peer comes to the core, and the phone rings by it', async () => {
  const own = '<http://192.0.2.1/carrier.wav>'
  assert.deepEqual(await ringOfCallFrom(trusted, [`Alert-Info: ${own}`]), [own])
})

test('in an answer it passes from trusted peers and from the core, not from strangers', async () => {
  const alert = 'Alert-Info: <http://192.0.2.1/ringback.wav>'
  const answered = async (by: SipStream, path: string): Promise<string[]> => {
    core.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', headers: [`Route: ${path}`] }))
    by.answer(await by.next(), '180 Ringing', [alert, 'alert-info: Bellcore-dr1'])
    return headersOf(await core.next(), 'Alert-Info')
  }
  assert.deepEqual(await answered(callee.phone, callee.path), [])
  const carrier = await registered(cast, certified({ dns: [trustedDomain] }))
  assert.deepEqual(await answered(carrier.phone, carrier.path), ['<http://192.0.2.1/ringback.wav>', 'Bellcore-dr1'])

  stranger.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
  core.answer(await core.next(), '180 Ringing', [alert])
  assert.deepEqual(headersOf(await stranger.next(), 'Alert-Info'), ['<http://192.0.2.1/ringback.wav>'])
})

test('a trunk we connect to gets none', async (t) => {
  const trunk = await SipTrunk.tls(t, sceneCa.issue({ ips: ['127.0.0.1'] }))
  await reconfigure(cast.scene.gateway, ({ tls_mgm }) =>
    Object.assign(tls_mgm!, { client_domain: [clientDomain(cast.scene.dir, trunk.port)] }),
  )
  core.send(
    sipRequest({
      method: 'INVITE',
      uri: `sip:+4930@127.0.0.1:${trunk.port};transport=tls`,
      headers: [`${verdict}: yes`],
    }),
  )
  const { message } = await trunk.next()
  assert.deepEqual([headersOf(message, 'Alert-Info'), headersOf(message, verdict)], [[], []])
  await core.next()
})

test('without trust.alert_info nothing is set', async () => {
  await reconfigure(cast.scene.gateway, ({ trust }) => Reflect.deleteProperty(trust!, 'alert_info'))
  assert.deepEqual(await ring(callee), [])
})
