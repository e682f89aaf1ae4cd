/**
 * With several upstreams our Record-Route names the one where a dialog lives, so that what a phone sends within it comes
 * there: also where the Contact of that server is our own name, as carriers demand, and the Call-ID says another one.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { startAgain } from '../support/gateway-process.js'
import { freePort } from '../support/ports.js'
import { reconfigure } from '../support/reconfigure.js'
import { startScene } from '../support/scene.js'
import { lastFirst } from '../support/scope.js'
import { headerOf, headersOf, sipRequest, startLine, token } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { SipCore } from '../support/sip-core.js'
import { SipStream } from '../support/sip-stream.js'
import { until } from '../support/wait.js'

const scope = lastFirst({ after }) // what `after` itself is given within a test ends with that test
const servers = [await SipCore.start(scope), await SipCore.start(scope)] as const
const [edgePort, corePort] = [await freePort(), await freePort()]
const ourName = `sip:pbx@sip.example.com:${edgePort}`
const scene = await startScene(scope, {
  socket: [`tls:127.0.0.1:${edgePort} AS sip.example.com:${edgePort}`, `tcp:127.0.0.1:${corePort}`],
  relay: { mode: 'edge', upstream: servers.map(({ uri }) => uri), options_interval: 0 },
})
const phone = await scene.client({ port: edgePort })
/** as many as make a coincidence impossible */
const calls = 16

/** The connection of ours that this server has. */
const standing = ({ connections }: SipCore) =>
  until('a connection', () => connections.findLast(({ socket }) => !socket.destroyed))

/** The server, by its place, that this request came to, and the request as it came. */
async function arrival(callId: string, method: string): Promise<{ at: number; request: Buffer; over: SipStream }> {
  return until(`the ${method} at a server`, () => {
    for (const [at, { connections }] of servers.entries()) {
      for (const over of connections) {
        const isIt = (one: Buffer) => startLine(one).startsWith(`${method} `) && headerOf(one, 'Call-ID') === callId
        const request = over.received.find(isIt)
        if (request !== undefined) return { at, request, over }
      }
    }
    return undefined
  })
}

/** The Path of the phone, whichever server keeps it. */
async function pathOf(client: SipStream): Promise<string> {
  const register = sipRequest({ method: 'REGISTER', uri: 'sip:example.com' })
  client.send(register)
  const { request, over } = await arrival(headerOf(register, 'Call-ID')!, 'REGISTER')
  over.answer(request)
  await client.next()
  return headerOf(request, 'Path')!
}

function valuesOf(message: Buffer): string[] {
  return headersOf(message, 'Record-Route').flatMap((line) => line.split(', '))
}

/** User part of the value that is not that of the edge. */
function serverIn(values: readonly string[]): string | undefined {
  return values.flatMap((value) => /sip:(hepgate-\w+)@127\.0\.0\.1:\d+;transport=tcp;lr/.exec(value)?.[1] ?? [])[0]
}

/** Where a BYE of the phone comes to that has nothing but our Routes to go by. */
async function byeOf(callId: string, routes: readonly string[], from: SipStream = phone): Promise<number> {
  const headers = [`Route: ${routes.join(', ')}`]
  from.send(sipRequest({ method: 'BYE', uri: ourName, callId, to: '<sip:bob@example.com>;tag=b', headers }))
  const { at, request, over } = await arrival(callId, 'BYE')
  assert.deepEqual(headersOf(request, 'Route'), [])
  over.answer(request)
  assert.equal(startLine(await from.next()), 'SIP/2.0 200 OK')
  return at
}

const named: (string | undefined)[] = []

for (const [place, server] of servers.entries()) {
  describe(`server ${place}`, () => {
    const ways = {
      'over the connection we opened to it': () => standing(server),
      'over one it opened to us': () => SipStream.tcp(scope, corePort),
    }
    for (const [how, connection] of Object.entries(ways)) {
      test(`calls ${how}, and the phone hangs up there`, async () => {
        const [path, over] = [await pathOf(phone), await connection()]
        for (let i = 0; i < calls; i++) {
          const callId = token()
          // A server says in its Via where it listens, whatever port it connects from.
          const via = `SIP/2.0/TCP 127.0.0.1:${server.port};branch=z9hG4bK${token()}`
          const fields = { callId, via, contact: `<${ourName}>`, headers: [`Route: ${path}`] }
          over.send(sipRequest({ method: 'INVITE', uri: 'sip:alice@192.0.2.10', ...fields }))
          const invite = await phone.next()
          phone.answer(invite)
          named[place] ??= serverIn(valuesOf(invite))
          assert.match(named[place]!, /^hepgate-[0-9a-f]{8}$/)
          assert.equal(serverIn(valuesOf(invite)), named[place], 'the same for all its calls')
          assert.equal(await byeOf(callId, valuesOf(invite)), place)
        }
      })
    }
  })
}

/** A call of the phone; where it went, and the Routes of the phone. */
async function calling(): Promise<{ callId: string; at: number; routes: string[] }> {
  const invite = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' })
  const callId = headerOf(invite, 'Call-ID')!
  phone.send(invite)
  const { at, request, over } = await arrival(callId, 'INVITE')
  over.answer(request, '200 OK', [`Contact: <${ourName}>`, `Record-Route: ${valuesOf(request).join(', ')}`])
  return { callId, at, routes: valuesOf(await phone.next()).reverse() }
}

test('two servers have two names', () => assert.notEqual(named[0], named[1]))

test('calls of the phone are ended where they went, by that name and not by the Call-ID', async () => {
  const went = [0, 0]
  for (let i = 0; i < calls; i++) {
    const { callId, at, routes } = await calling()
    assert.equal(serverIn(routes), named[at])
    assert.equal(await byeOf(callId, routes), at)
    const other = 1 - at
    const elsewhere = routes.map((value) => value.replace(named[at]!, named[other]!))
    const another = { method: 'INFO', callId, uri: ourName, to: '<sip:bob@example.com>;tag=b' }
    phone.send(sipRequest({ ...another, headers: [`Route: ${elsewhere.join(', ')}`] }))
    assert.equal((await arrival(callId, 'INFO')).at, other)
    went[at]!++
  }
  assert.ok(went[0]! > 0 && went[1]! > 0, `all went one way: ${went}`)
})

test('a name that is of no server, or of one that is no more, is no way: the Call-ID decides', async () => {
  const { callId, at, routes } = await calling()
  const nobody = routes.map((value) => value.replace(named[at]!, 'hepgate-00000000'))
  assert.equal(await byeOf(callId, nobody), at)
})

test('after a restart of the gateway a dialog still finds its server', async () => {
  const begun = [await calling(), await calling(), await calling(), await calling()]
  await scene.gateway.stop()
  const again = await startAgain(scope, scene.gateway)
  await until('both connections', async () =>
    (await again.status()).upstreams.every(({ connections }) => connections === 1),
  )
  const back = await SipClient.connect({ port: edgePort })
  scope.after(() => void back.socket.destroy())
  for (const { callId, at, routes } of begun) assert.equal(await byeOf(callId, routes, back), at)
  // And with one server left there is nothing to name.
  await reconfigure(again, ({ relay }) => Object.assign(relay!, { upstream: [servers[1].uri] }))
  const { callId, routes } = begun.find(({ at }) => at === 1) ?? begun[0]!
  back.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', callId: `${callId}-next` }))
  const { request } = await arrival(`${callId}-next`, 'INVITE')
  assert.equal(valuesOf(request)[0], `<sip:127.0.0.1:${corePort};transport=tcp;lr>`)
  back.send(
    sipRequest({
      method: 'INFO',
      uri: ourName,
      callId,
      to: '<sip:b@c>;tag=b',
      headers: [`Route: ${routes.join(', ')}`],
    }),
  )
  assert.equal((await arrival(callId, 'INFO')).at, 1)
})
