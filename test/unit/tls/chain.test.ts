import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket, createServer as tlsServer } from 'node:tls'
import { chainFacts } from '../../../src/tls/chain.js'
import { Connection } from '../../../src/tls/connection.js'
import { Connections } from '../../../src/tls/connections.js'
import { TestCa, type TestCertificate } from '../../support/certificates.js'
import { until, within } from '../../support/wait.js'
import { parse } from '../config/parsing.js'

const root = TestCa.create({ name: 'Root' })
const intermediate = root.intermediate({ name: 'Intermediate' })
const server = intermediate.issue({ cn: 'server' })

/** Our end of a connection over which the peer sent this certificate, or none. */
async function acceptedFrom(t: TestContext, client: TestCertificate | undefined): Promise<TLSSocket> {
  const accepting = tlsServer({
    cert: server.chainPem,
    key: server.keyPem,
    requestCert: true,
    rejectUnauthorized: false,
  })
  const listener = createServer((raw) => accepting.emit('connection', raw)).listen(0, '127.0.0.1')
  t.after(() => listener.close())
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const identity = client === undefined ? {} : { cert: client.chainPem, key: client.keyPem }
  const peer = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...identity })
  peer.on('error', () => {})
  t.after(() => peer.destroy())
  const [socket] = (await within('the handshake', once(accepting, 'secureConnection'))) as [TLSSocket]
  t.after(() => socket.destroy())
  return socket
}

function connectionOn(t: TestContext, socket: TLSSocket): Connection {
  const connections = new Connections(parse(''), () => '1')
  t.after(() => connections.stop())
  const connection = new Connection(connections.newFacts('in', 'tls', 'edge'), connections)
  assert.deepEqual(connection.peerChain(), [])
  connection.adopt(socket)
  connection.establish(socket, 'ACCEPTED')
  t.after(() => connection.close('shutdown'))
  return connection
}

const names = (chain: readonly { subject: string }[]): string[] => chain.map(({ subject }) => subject.split('CN=')[1]!)

test('the chain of a peer is what it sent, leaf first', async (t) => {
  const socket = await acceptedFrom(t, intermediate.issue({ cn: 'phone' }))
  assert.deepEqual(names(connectionOn(t, socket).peerChain()), ['phone', 'Intermediate'])
})

test('a peer without a certificate has no chain', async (t) => {
  assert.deepEqual(connectionOn(t, await acceptedFrom(t, undefined)).peerChain(), [])
})

test('a connection that is over has no chain any more', async (t) => {
  const connection = connectionOn(t, await acceptedFrom(t, root.issue({ cn: 'phone' })))
  assert.equal(connection.peerChain().length, 1)
  connection.close('shutdown')
  await until('its end', () => connection.state === 'closed')
  assert.deepEqual(connection.peerChain(), [])
})

/** A certificate as Node shows it, with an issuer that we choose. */
function issuedBy(x509: X509Certificate, issuer: () => X509Certificate | undefined): X509Certificate {
  return Object.defineProperty(new X509Certificate(x509.raw), 'issuerCertificate', { get: issuer })
}

test('a chain that runs in a circle ends, each certificate in it once', () => {
  const one: X509Certificate = issuedBy(root.issue({ cn: 'one' }).x509, () => two)
  const two: X509Certificate = issuedBy(root.issue({ cn: 'two' }).x509, () => one)
  assert.deepEqual(names(chainFacts(one)), ['one', 'two'])
})

test('a chain is followed ten certificates far', () => {
  let x509 = root.issue({ cn: '0' }).x509
  for (let n = 1; n < 15; n++) {
    const issuer = x509
    x509 = issuedBy(root.issue({ cn: String(n) }).x509, () => issuer)
  }
  assert.deepEqual(names(chainFacts(x509)), ['14', '13', '12', '11', '10', '9', '8', '7', '6', '5'])
})
