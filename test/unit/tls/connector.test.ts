/** Connector and Listener with each other, in one process: what each side knows of the other when it says so. */
import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import { channels } from '../../../src/base/channels.js'
import type { ConnectionEvent, ConnectionFacts } from '../../../src/base/facts.js'
import type { ClientDomainConfig } from '../../../src/config/types.js'
import { Connections } from '../../../src/tls/connections.js'
import { Connector, type Target } from '../../../src/tls/connector.js'
import { buildContexts, type TlsContexts } from '../../../src/tls/contexts.js'
import type { ConnectionHandler } from '../../../src/tls/handler.js'
import { Listener } from '../../../src/tls/listener.js'
import { type IssueOptions, TestCa } from '../../support/certificates.js'
import { clientDomain, serverDomain } from '../../support/tls-domains.js'
import { tempDir } from '../../support/tmp.js'
import { until } from '../../support/wait.js'
import { parse } from '../config/parsing.js'

const dir = tempDir({ after })
const ca = TestCa.create()
const caFile = ca.writeTo(dir)
const timeouts = { connectTimeoutMs: 10_000, handshakeTimeoutMs: 10_000, keepAlive: false, keepIdleSeconds: 60 }

let files = 0
function certificateOf(options: IssueOptions): { certificate: string[]; private_key: string[] } {
  const { certificate, privateKey } = ca.issue(options).writeTo(dir, `pair-${++files}`)
  return { certificate: [certificate], private_key: [privateKey] }
}

const ours = certificateOf({ dns: ['us.example'] })

/** Everybody verifies everybody. */
function contextsOf(server: object, client: Partial<ClientDomainConfig>): TlsContexts {
  const { contexts, problems } = buildContexts({
    unmatched_sni: 'default',
    server_domain: [serverDomain({ ...ours, ca_list: caFile, verify_cert: true, ...server })],
    client_domain: [clientDomain({ ...ours, ca_list: caFile, ...client })],
  })
  assert.deepEqual(problems, [])
  return contexts!
}

const deaf: ConnectionHandler = {
  onConnected() {},
  onMessage() {},
  onCrlf() {},
  onReadEnd() {},
  onPeerEnd() {},
  onBlocked() {},
  onDrain() {},
  onClosed() {},
}

let ids = 0

interface Met {
  readonly accepted: ConnectionFacts
  readonly connected: ConnectionFacts
}

/** Both ends of a connection, as they were when ACCEPTED and CONNECTED were published. */
async function meet(t: TestContext, contexts: TlsContexts, host: string): Promise<Met> {
  const config = parse('trust: { domains: [phone.example, trunk.example] }')
  const connections = new Connections(config, () => String(++ids))
  const listener = await Listener.open(
    { ...config.socket[0]!, port: 0 },
    {
      ...timeouts,
      connections,
      contexts: () => contexts,
      onConnection: (connection) => {
        connection.handler = deaf
      },
      onAcceptError: (error) => assert.fail(error),
    },
  )
  const seen = new Map<string, ConnectionFacts>()
  const watch = (message: unknown): void => {
    const { name, facts } = message as ConnectionEvent
    seen.set(name, { ...facts })
  }
  channels.connection.subscribe(watch)
  t.after(async () => {
    channels.connection.unsubscribe(watch)
    await connections.drain(0)
    connections.stop()
    await listener.stop()
  })
  new Connector({ ...timeouts, connections, contexts: () => contexts }).open(
    {
      address: listener.address,
      transport: 'tls',
      side: 'edge',
      host,
      relayedTo: undefined,
      proxyHeader: undefined,
    },
    deaf,
  )
  await until('both ends', () => seen.has('ACCEPTED') && seen.has('CONNECTED'))
  return { accepted: seen.get('ACCEPTED')!, connected: seen.get('CONNECTED')! }
}

describe('the identities of a peer', () => {
  test('are known, and with them its trust, when the event is published', async (t) => {
    const contexts = contextsOf(
      certificateOf({ dns: ['trunk.example'] }),
      certificateOf({ uris: ['sip:phone.example'], dns: ['ignored.example'] }),
    )
    const { accepted, connected } = await meet(t, contexts, 'trunk.example')
    assert.deepEqual([accepted.peerIdentities, accepted.trusted], [['phone.example'], true])
    assert.deepEqual([connected.peerIdentities, connected.trusted], [['trunk.example'], true])
  })

  test('are none where the chain of its certificate is not good', async (t) => {
    const stranger = TestCa.create().writeTo(dir, 'stranger.pem')
    const contexts = contextsOf(certificateOf({ dns: ['trunk.example'] }), {
      certificate: [],
      private_key: [],
      ca_list: stranger,
      verify_cert: false,
    })
    const { connected } = await meet(t, contexts, 'trunk.example')
    assert.notEqual(connected.tls?.verify, 'ok')
    assert.deepEqual([connected.peerIdentities, connected.trusted], [[], false])
  })

  test('are none where it was not asked for a certificate', async (t) => {
    const { accepted } = await meet(
      t,
      contextsOf({ verify_cert: false }, certificateOf({ dns: ['phone.example'] })),
      'a',
    )
    assert.deepEqual([accepted.tls?.verify, accepted.peerIdentities, accepted.trusted], ['none', [], false])
  })
})

for (const [verify_name_wildcard, verdict] of [
  [false, 'mismatch'],
  [true, 'ok'],
] as const) {
  test(`a wildcard certificate names the host: ${verdict} with verify_name_wildcard ${verify_name_wildcard}`, async (t) => {
    const contexts = contextsOf(certificateOf({ dns: ['*.trunk.example'] }), { verify_name_wildcard })
    const { connected } = await meet(t, contexts, 'sip.trunk.example')
    assert.equal(connected.tls?.nameVerdict, verdict)
    assert.deepEqual([connected.peerIdentities, connected.trusted], [['*.trunk.example'], false])
  })
}

describe('the identity a connection is made with', () => {
  const target = { address: { ip: '192.0.2.1', port: 5061 }, transport: 'tls', host: 'a.example' } as const

  function identityOf(client: Partial<ClientDomainConfig>, change: Partial<Target> = {}): string {
    const contexts = contextsOf({}, client)
    const connections = new Connections(parse(''), () => String(++ids))
    connections.stop()
    return new Connector({ ...timeouts, connections, contexts: () => contexts }).identityFor({ ...target, ...change })
  }

  test('is the same after a reload with the same material', () => {
    assert.equal(identityOf({}), identityOf({}))
  })

  test('is that of the TLS domains in use when it is asked for', () => {
    let contexts = contextsOf({}, {})
    const connections = new Connections(parse(''), () => String(++ids))
    connections.stop()
    const connector = new Connector({ ...timeouts, connections, contexts: () => contexts })
    const before = connector.identityFor(target)
    assert.equal(connector.identityFor(target), before)
    contexts = contextsOf({}, certificateOf({ dns: ['us.example'] }))
    assert.notEqual(connector.identityFor(target), before)
  })

  test('is another with another name to reach or verify, certificate, domain or strictness', () => {
    const all = [
      identityOf({}),
      identityOf({}, { host: 'b.example' }),
      identityOf({ server_name: 'c.example' }),
      identityOf({ name: 'other' }),
      identityOf(certificateOf({ dns: ['us.example'] })),
      identityOf({ certificate: [], private_key: [] }),
      identityOf({ verify_cert: false }),
      identityOf({ verify_name: 'enforce' }),
      identityOf({ verify_name: 'off' }),
      identityOf({ verify_name_wildcard: true }),
    ]
    assert.equal(new Set(all).size, all.length, all.join('\n'))
  })

  test('does not depend on the address, but for the domain that it chooses', () => {
    assert.equal(identityOf({}), identityOf({}, { address: { ip: '192.0.2.2', port: 5062 } }))
  })

  test('is none without TLS', () => {
    assert.equal(identityOf({}, { transport: 'tcp' }), '')
  })
})
