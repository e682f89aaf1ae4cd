/**
 * RFC 5626 §4.4.1 towards trunks: the gateway opens a connection to each and sends CRLFCRLF on it. The CRLF that comes
 * back, or any message, shows that the trunk lives; from one that is silent it is closed, and opened again.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import type { SipStream } from '../support/sip-stream.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const pongTimeoutMs = 1000
const certificate = sceneCa.issue({ ips: ['127.0.0.1'] })

/** CRLFCRLFs that came to a trunk, and whether it answers them. */
class Pinged {
  pings = 0

  constructor(
    readonly trunk: SipTrunk,
    public answers: boolean,
  ) {
    trunk.onConnection = (stream) => {
      let seen = 0
      // The stream listens too, and first. A ping may come together with a message.
      stream.socket.on('data', () => {
        for (; seen + 2 <= stream.crlfs; seen += 2) {
          this.pings++
          if (this.answers) stream.send('\r\n')
        }
      })
    }
  }
}

async function pinged(answers: boolean, transport: 'tls' | 'tcp' = 'tls'): Promise<Pinged> {
  return new Pinged(transport === 'tls' ? await SipTrunk.tls(scope, certificate) : await SipTrunk.tcp(scope), answers)
}

const answering = await pinged(true)
const clear = await pinged(true, 'tcp')
const silent = await pinged(false)
const busy = await pinged(false)
const unasked = await pinged(true)
const all = [answering, clear, silent, busy, unasked]
const { scene, coreServer } = await startEdgeCast(scope, {
  tls_mgm: { client_domain: [clientDomain(tempDir(scope), 0, { match_ip_address: ['*'] })] },
  relay: {
    pong_timeout: pongTimeoutMs,
    trunk: all.map((one) => ({ uri: one.trunk.uri, keepalive: one === unasked ? 0 : 1 })),
  },
})

/** The trunk as status shows it. */
async function statusOf({ trunk }: Pinged) {
  return (await scene.gateway.status()).upstreams.find(({ uri }) => uri === trunk.uri)!
}

test('a connection is opened to each trunk at start, and shown', async () => {
  for (const one of all) await one.trunk.connection()
  for (const one of [answering, clear, unasked]) {
    await scene.status('the trunks to be up', ({ upstreams }) =>
      upstreams.some(({ uri, state, role }) => uri === one.trunk.uri && state === 'up' && role === 'trunk'),
    )
  }
})

test('a trunk that knows no CRLF keep-alives, but sends messages, keeps its connection', async () => {
  const server = await coreServer()
  const connections = new Set<SipStream>()
  let pingedMs = 0
  await until('much more than the time for a pong', async () => {
    connections.add((await reached(busy.trunk, server, { uri: busy.trunk.uri })).over)
    if (busy.pings > 0) pingedMs ||= performance.now()
    return pingedMs > 0 && performance.now() > pingedMs + 2 * pongTimeoutMs
  })
  assert.equal(connections.size, 1)
  assert.equal(busy.pings, 1, 'it is pinged again when it has answered the first')
})

describe('a trunk that answers', () => {
  for (const [what, one] of [
    ['over TLS', answering],
    ['over TCP', clear],
  ] as const) {
    test(`${what} is asked again and again, on one connection`, async () => {
      await until('three pings', () => one.pings >= 3)
      assert.equal(one.trunk.accepted, 1)
      const { state, connections, lastError } = await statusOf(one)
      assert.deepEqual([state, connections, lastError], ['up', 1, undefined])
    })
  }

  test('its own CRLFCRLF is answered', async () => {
    const over = await answering.trunk.connection()
    const before = over.crlfs
    over.send('\r\n\r\n')
    await until('the CRLF', () => over.crlfs > before)
  })

  test('requests to it take this connection', async () => {
    const { over } = await reached(answering.trunk, await coreServer(), { uri: answering.trunk.uri })
    assert.equal(over, await answering.trunk.connection())
    assert.equal(answering.trunk.accepted, 1)
  })
})

describe('a trunk that is silent', () => {
  test('its connection is closed for that', async () => {
    const { event, closed } = await assertFailure(scene, 'ERROR', 'keepalive-timeout', { peer: silent.trunk.address })
    assert.match(String(event.Message), /CRLFCRLF within 1000 ms/)
    assert.equal(closed.closed_by, 'timeout')
  })

  test('and another is opened, and so on until it answers', async () => {
    await until('another connection', () => silent.trunk.accepted > 1)
    silent.answers = true
    const { pings } = silent
    await until('a ping that is answered', () => silent.pings > pings)
    const { accepted } = silent.trunk
    await until('the next', () => silent.pings > pings + 1)
    assert.equal(silent.trunk.accepted, accepted)
    await reached(silent.trunk, await coreServer(), { uri: silent.trunk.uri })
  })
})

test('keepalive 0: it is asked nothing, and its connection stays', async () => {
  assert.equal(unasked.pings, 0)
  assert.equal(unasked.trunk.accepted, 1)
  await reached(unasked.trunk, await coreServer(), { uri: unasked.trunk.uri })
})
