/**
 * RFC 5626 §5.3: a flow token leads to the one connection it was made for, and to no other. When that is gone the core
 * hears so (430), and nothing is connected to; a token that we did not make is refused (403).
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import { type Flow, FlowTokens } from '../../src/relay/flow.js'
import { lost, nothingMoreComes, pathTo, startEdgeCast, tokenIn } from '../support/edge-cast.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { changed, headerOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import { until } from '../support/wait.js'

const scope = { after }
const secret = 'known to the test and to the gateway'
const cast = await startEdgeCast(scope, { relay: { flow_secret: secret } })
const { core, edgePort, scene } = cast
const [phone, other] = [await cast.phone(), await cast.phone()]
const [path, otherPath] = [await pathTo(phone, core), await pathTo(other, core)]

function withToken(token: string): string {
  return path.replace(tokenIn(path), token)
}

/** No connection has or had this id. */
const flow: Flow = {
  connId: '42',
  transport: 'tls',
  local: { ip: '127.0.0.1', port: edgePort },
  peer: { ip: '127.0.0.1', port: 9 },
}

const request = { method: 'MESSAGE', uri: 'sip:alice@192.0.2.10:50000', transport: 'TCP' } satisfies RequestFields

/** What the core hears of a request that follows this Route, which reaches no phone. */
async function refused(route: string): Promise<string> {
  const received = [phone, other].map((one) => one.received.length)
  const { answer } = await core.request({ ...request, headers: [`Route: ${route}`] })
  assert.deepEqual(
    [phone, other].map((one) => one.received.length),
    received,
  )
  return startLine(answer)
}

/** From a port of our own choice. */
async function connectFrom(localPort: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: edgePort, localPort })
  scope.after(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function connectedTotal(): Promise<number> {
  return (await scene.gateway.status()).connections.connectedTotal
}

describe('a token that we did not make is refused with 403', () => {
  const genuine = tokenIn(path)
  const bytes = Buffer.from(genuine, 'base64url')
  const flipped = (at: number): string => {
    const copy = Buffer.from(bytes)
    copy[at]! ^= 1
    return copy.toString('base64url')
  }
  const forgeries: Readonly<Record<string, string>> = {
    'every byte of its MAC changed': Buffer.concat([
      bytes.subarray(0, 10).map((b) => b ^ 0xff),
      bytes.subarray(10),
    ]).toString('base64url'),
    'another transport': flipped(10),
    'another connection': flipped(18),
    'another address of ours': flipped(19),
    'another port of the phone': flipped(bytes.length - 1),
    'its end cut off': genuine.slice(0, -4),
    'its beginning cut off': genuine.slice(4),
    'one letter': 'a',
    'more at its end': `${genuine}AAAA`,
    'other bits behind its last byte':
      genuine.slice(0, -1) + String.fromCharCode(genuine.charCodeAt(genuine.length - 1) + 1),
    'the spelling of base64 with padding':
      bytes.toString('base64') === genuine ? `${genuine}=` : bytes.toString('base64').replace(/=*$/, '='),
    'the MAC of another gateway': new FlowTokens('the secret of another gateway').token(flow),
    'the MAC of nobody': Buffer.concat([Buffer.alloc(10), bytes.subarray(10)]).toString('base64url'),
    'a user name': 'alice',
    'ten thousand letters': 'A'.repeat(10_000),
  }
  for (const [what, token] of Object.entries(forgeries)) {
    test(what, async () => assert.equal(await refused(withToken(token)), 'SIP/2.0 403 Invalid Flow Token'))
  }

  test('also when a phone sends it', async () => {
    const { answer } = await phone.request({ ...request, headers: [`Route: ${withToken(flipped(0))}`] })
    assert.equal(startLine(answer), 'SIP/2.0 403 Invalid Flow Token')
    await nothingMoreComes(phone, core)
  })

  test('an ACK with one is dropped, as no ACK is answered', async () => {
    const before = core.received.length
    core.send(sipRequest({ ...request, method: 'ACK', headers: [`Route: ${withToken(flipped(0))}`] }))
    await nothingMoreComes(phone, core)
    assert.equal(core.received.length, before + 1)
  })
})

describe('a token whose connection is gone is answered with 430', () => {
  /** A phone that has registered and is gone without a word: its Path, and the port it had, which nobody else takes. */
  async function gone(): Promise<{ path: string; port: number }> {
    const port = await freePort()
    const raw = await connectFrom(port)
    const path = await pathTo(await cast.phone({ socket: raw }), core)
    await lost(scene, raw)
    return { path, port }
  }

  test('and nothing is connected to, though somebody listens at the address the phone had', async () => {
    const { path, port } = await gone()
    let connects = 0
    const server = createServer(() => connects++).listen(port, '127.0.0.1')
    await once(server, 'listening')
    scope.after(() => void server.close())
    const connected = await connectedTotal()
    assert.equal(await refused(path), 'SIP/2.0 430 Flow Failed')
    assert.equal(await refused(path), 'SIP/2.0 430 Flow Failed')
    assert.equal(await connectedTotal(), connected)
    assert.equal(connects, 0)
    assert.deepEqual(
      scene.events({ Event: 'CONNECT_START' }).filter(({ peer }) => peer === `127.0.0.1:${port}`),
      [],
    )
  })

  test('and the request comes over no other connection, though it be from the same address and port', async () => {
    const { path, port } = await gone()
    const raw = await connectFrom(port)
    const successor = await cast.phone({ socket: raw })
    assert.equal(addressOf(raw), `127.0.0.1:${port}`)
    assert.equal(await refused(path), 'SIP/2.0 430 Flow Failed')
    const newPath = await pathTo(successor, core)
    assert.notEqual(tokenIn(newPath), tokenIn(path))
    core.send(sipRequest({ ...request, headers: [`Route: ${newPath}`] }))
    assert.match(startLine(await successor.next()), /^MESSAGE /)
    assert.equal(successor.received.length, 2, 'the answer to its REGISTER, and what was sent to its own token')
  })

  test('also when it was never a connection of this process, but its token is genuine', async () => {
    const token = new FlowTokens(secret).token(flow)
    assert.equal(await refused(withToken(token)), 'SIP/2.0 430 Flow Failed')
  })

  test('also when a connection has its id by chance: the addresses are part of the flow (RFC 5626 §5.2)', async () => {
    const { conn_id } = await scene.event('ACCEPTED', { peer: phone.address })
    const token = new FlowTokens(secret).token({ ...flow, connId: String(conn_id) })
    assert.equal(await refused(withToken(token)), 'SIP/2.0 430 Flow Failed')
  })

  test('an ACK to it is dropped and counted', async () => {
    const { path } = await gone()
    const droppedBefore = (await scene.gateway.status()).edge!.requestsDropped['flow-gone'] ?? 0
    const before = core.received.length
    core.send(sipRequest({ ...request, method: 'ACK', headers: [`Route: ${path}`] }))
    await until(
      'the drop to be counted',
      async () => (await scene.gateway.status()).edge!.requestsDropped['flow-gone'] === droppedBefore + 1,
    )
    assert.equal(core.received.length, before)
  })

  test('and as soon as the phone has said that it will send no more', async () => {
    const leaving = await cast.phone()
    const path = await pathTo(leaving, core)
    leaving.socket.end()
    const server = await cast.coreServer()
    await until('the end to be known', () => {
      server.send(sipRequest({ ...request, headers: [`Route: ${path}`] }))
      return server.received.some((answer) => startLine(answer) === 'SIP/2.0 430 Flow Failed')
    })
    // It may still read for two seconds, in which some two hundred are sent.
    assert.ok(leaving.received.length < 20, `${leaving.received.length} came to it`)
  })
})

describe('what a phone can do with tokens', () => {
  test('its own brings its request to the core, without it', async () => {
    phone.send(sipRequest({ ...request, headers: [`Route: ${path}`] }))
    const seen = await core.next()
    assert.equal(headerOf(seen, 'Route'), undefined)
  })

  test('that of another phone does not open a way to it, as long as there is no dialog', async () => {
    const received = other.received.length
    phone.send(sipRequest({ ...request, headers: [`Route: ${otherPath}`] }))
    assert.match(startLine(await core.next()), /^MESSAGE /)
    assert.equal(other.received.length, received)
  })

  test('one that came back goes on with its dialogs: the token of its flow that is gone brings them to the core', async () => {
    const raw = await tcpConnect(scope, edgePort)
    const oldPath = await pathTo(await cast.phone({ socket: raw }), core)
    await lost(scene, raw)
    phone.send(
      changed(sipRequest({ ...request, method: 'BYE' }), /^To: .*/m, `To: <sip:b@c>;tag=x\r\nRoute: ${oldPath}`),
    )
    assert.match(startLine(await core.next()), /^BYE /)
  })
})
