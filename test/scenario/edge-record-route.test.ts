/**
 * Requests that begin a dialog get our Record-Route (RFC 3261 §16.6 step 4): two values, because two sockets of ours
 * carry the dialog (RFC 5658), and in that of the edge the token of the phone's connection (RFC 5626 §5.1).
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type EdgeCast, edgeName, pathTo, tokenIn } from '../support/edge-cast.js'
import { headersOf, type RequestFields, sipRequest } from '../support/sip.js'
import { SipDatagrams } from '../support/sip-datagrams.js'
import { certified, startTrustCast } from '../support/trust-cast.js'

const scope = { after }
/** by relay.flow_token; all of them verify who shows a certificate */
const casts = {
  auto: await startTrustCast(scope),
  always: await startTrustCast(scope, { relay: { flow_token: 'always' } }),
  ob: await startTrustCast(scope, { relay: { flow_token: 'ob' } }),
}
const cast = casts.auto
const { core } = cast
const phone = await cast.phone()
const path = await pathTo(phone, core)
const token = tokenIn(path)

const invite = { method: 'INVITE', uri: 'sip:bob@example.com' } satisfies RequestFields
const withOb = '<sip:alice@192.0.2.10:50000;transport=tls;ob>'

function coreUri({ corePort }: EdgeCast, transport = 'tcp'): string {
  return `<sip:127.0.0.1:${corePort};transport=${transport};lr>`
}

/** `user`: the token, beside which stands its seal. */
function edgeUri({ edgePort }: EdgeCast, user?: string, scheme = 'sip'): string {
  const place = `${edgeName}:${edgePort};transport=tls;lr`
  return user === undefined ? `<${scheme}:${place}>` : `<${scheme}:${user}@${place};seal=SEAL>`
}

/** Header lines with the seal, which is another for each call, masked. */
function sealed(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/;seal=[0-9a-f]{16}>/, ';seal=SEAL>'))
}

/** The Record-Route lines of a request of a phone as our servers get it. */
async function recorded(fields: RequestFields, from = phone, { core }: EdgeCast = cast): Promise<string[]> {
  from.send(sipRequest(fields))
  return sealed(headersOf(await core.next(), 'Record-Route'))
}

describe('from a phone to the core', () => {
  const both = `${coreUri(cast)}, ${edgeUri(cast, token)}`

  const inDialog = '<sip:bob@example.com>;tag=a'

  for (const method of ['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']) {
    test(`${method}: that of the core is topmost, that of the edge holds the token of the phone`, async () => {
      assert.deepEqual(await recorded({ ...invite, method }), [both])
    })
  }

  for (const method of ['INVITE', 'REFER']) {
    test(`${method} in a dialog has its route set already`, async () => {
      assert.deepEqual(await recorded({ ...invite, method, to: inDialog }), [])
    })
  }

  for (const method of ['SUBSCRIBE', 'NOTIFY']) {
    test(`${method} in a dialog may be what the other side takes its route set from (RFC 6665 §4.3)`, async () => {
      assert.deepEqual(await recorded({ ...invite, method, to: inDialog }), [both])
    })
  }

  for (const method of ['MESSAGE', 'OPTIONS', 'REGISTER', 'PUBLISH', 'INFO', 'ACK', 'CANCEL', 'BYE', 'NEWMETHOD']) {
    test(`${method} begins no dialog`, async () => assert.deepEqual(await recorded({ ...invite, method }), []))
  }

  test('those that are there stay in their order below ours', async () => {
    const others = ['<sip:p2.example.com;lr>, "p1" <sip:p1.example.com;lr>', '<sip:p0.example.com>']
    const headers = others.map((other) => `Record-Route: ${other}`)
    assert.deepEqual(await recorded({ ...invite, headers }), [both, ...others])
  })

  test('a secure call has a secure value where TLS is, and a plain one on a clear leg, which nobody could follow', async () => {
    const secure = [`${coreUri(cast)}, ${edgeUri(cast, token, 'sips')}`]
    assert.deepEqual(await recorded({ ...invite, uri: 'sips:bob@example.com' }), secure)
    assert.deepEqual(await recorded({ ...invite, uri: 'SIPS:bob@example.com' }), secure)
    // RFC 3261 §16.6 step 4: or where the topmost Route that is left is secure.
    assert.deepEqual(await recorded({ ...invite, headers: ['Route: <sips:next.example.com;lr>'] }), secure)
  })

  test('the seal beside the token is the same in one call, and another in another', async () => {
    const sealOf = async (callId: string): Promise<string> => {
      phone.send(sipRequest({ ...invite, callId }))
      return /;seal=([0-9a-f]{16})>/.exec(headersOf(await core.next(), 'Record-Route')[0]!)![1]!
    }
    const first = await sealOf('one call')
    assert.equal(await sealOf('one call'), first)
    assert.notEqual(await sealOf('another call'), first)
  })
})

describe('from the core to a phone', () => {
  /** The Record-Route lines of a request of our servers as the phone gets it. */
  async function atPhone(send: (request: Buffer) => void, fields: RequestFields = {}): Promise<string[]> {
    send(sipRequest({ ...invite, headers: [`Route: ${path}`], ...fields }))
    return sealed(headersOf(await phone.next(), 'Record-Route'))
  }

  test('that of the edge is topmost, with the token; that of the core is the socket we listen on', async () => {
    const both = [`${edgeUri(cast, token)}, ${coreUri(cast)}`]
    assert.deepEqual(await atPhone((request) => core.send(request)), both, 'over the connection we opened')
    const server = await cast.coreServer()
    assert.deepEqual(await atPhone((request) => server.send(request)), both, 'over a connection to us')
  })

  test('over UDP that of the core says so', async () => {
    const server = await SipDatagrams.start(scope)
    const values = await atPhone((request) => server.send(request, cast.corePort), { transport: 'UDP' })
    assert.deepEqual(values, [`${edgeUri(cast, token)}, ${coreUri(cast, 'udp')}`])
  })

  test('those of our servers stay below ours', async () => {
    const headers = [`Route: ${path}`, 'Record-Route: <sip:proxy.example.com;lr>']
    assert.deepEqual(await atPhone((request) => core.send(request), { headers }), [
      `${edgeUri(cast, token)}, ${coreUri(cast)}`,
      '<sip:proxy.example.com;lr>',
    ])
  })
})

describe('the token is in it', () => {
  const peers = { 'a phone': {}, 'a peer with a verified certificate': certified({ dns: ['carrier.example'] }) }
  const requests: Readonly<Record<string, RequestFields>> = {
    'ob in its Contact': { contact: withOb },
    'an address in its Contact': { contact: '<sip:alice@192.0.2.10:50000>' },
    'a name in its Contact': { contact: '<sip:alice@sbc.carrier.example>' },
    'a Record-Route of its own': { headers: ['Record-Route: <sip:sbc.carrier.example;lr>'] },
  }
  /** for each of these requests */
  const expected: Readonly<Record<string, Readonly<Record<string, readonly boolean[]>>>> = {
    auto: { 'a phone': [true, true, true, true], 'a peer with a verified certificate': [true, true, false, false] },
    always: { 'a phone': [true, true, true, true], 'a peer with a verified certificate': [true, true, true, true] },
    ob: { 'a phone': [true, false, false, false], 'a peer with a verified certificate': [true, false, false, false] },
  }

  for (const [mode, its] of Object.entries(casts)) {
    for (const [who, options] of Object.entries(peers)) {
      for (const [i, [how, fields]] of Object.entries(requests).entries()) {
        const wanted = expected[mode]![who]![i]!
        test(`flow_token ${mode}: ${wanted ? 'yes' : 'no'} for ${who} with ${how}`, async () => {
          const client = await its.phone(options)
          const own = tokenIn(await pathTo(client, its.core))
          const [values] = await recorded({ ...invite, ...fields }, client, its)
          assert.equal(values, `${coreUri(its)}, ${edgeUri(its, wanted ? own : undefined)}`)
        })
      }
    }
  }

  test('ob is looked for in the URI of the Contact, not behind it', async () => {
    const client = await casts.ob.phone()
    for (const contact of ['<sip:alice@192.0.2.10>;ob', '"ob" <sip:ob@192.0.2.10>', 'sip:alice@192.0.2.10;ob']) {
      const values = await recorded({ ...invite, contact }, client, casts.ob)
      assert.deepEqual(values, [`${coreUri(casts.ob)}, ${edgeUri(casts.ob)}`], contact)
    }
  })
})

test('a verified peer that is called by its token keeps it: it has asked for no other way', async () => {
  const peer = await cast.phone(certified({ dns: ['carrier.example'] }))
  const route = await pathTo(peer, core)
  core.send(sipRequest({ ...invite, headers: [`Route: ${route}`] }))
  assert.deepEqual(sealed(headersOf(await peer.next(), 'Record-Route')), [
    `${edgeUri(cast, tokenIn(route))}, ${coreUri(cast)}`,
  ])
})
