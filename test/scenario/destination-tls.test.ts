import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestCa, type TestCertificate } from '../support/certificates.js'
import {
  declaration,
  destinationsConfig,
  droppedPackets,
  facts,
  keylogLine,
  leg,
  numbers,
  offer,
  openDestinations,
  StreamCollector,
  tracedEvent,
} from '../support/destinations.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const ca = TestCa.create()
const collectorCertificate = ca.issue({ dns: ['collector.example'], ips: ['127.0.0.1'] })

function tlsOptions(certificate: TestCertificate) {
  return { cert: certificate.chainPem, key: certificate.keyPem }
}

test('a collector whose certificate comes from the configured CA gets everything, key material too', async (t) => {
  const collector = await StreamCollector.open(t, tlsOptions(collectorCertificate))
  const ca_list = ca.writeTo(tempDir(t))
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 300, 'x'.repeat(1000))
  destinations.event(tracedEvent({ facts: facts({ keylog: [keylogLine] }) }))
  await until('301 packets', () => collector.packets.length === 301)
  assert.deepEqual(collector.cseqs().slice(0, 300), numbers(0, 300))
  assert.ok(collector.packets[300]!.payload.includes(keylogLine))
  assert.match(destinations.status()[0]!.address, /^tls:127\.0\.0\.1:\d+$/)
})

test('a collector of an unknown CA is never sent anything and the reason is told', async (t) => {
  const collector = await StreamCollector.open(t, tlsOptions(collectorCertificate))
  const ca_list = TestCa.create({ name: 'Other CA' }).writeTo(tempDir(t))
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 10)
  await until('two attempts', () => collector.accepted + collector.refused >= 2)
  const [status] = destinations.status()
  assert.match(status!.lastError!, /^unknown-ca: /)
  assert.equal(collector.packets.length, 0)
  assert.equal(status!.sentPackets, 0)
  assert.equal(status!.queuedPackets, 10)
})

test('a collector whose certificate names another host is never sent anything', async (t) => {
  const collector = await StreamCollector.open(t, tlsOptions(ca.issue({ dns: ['other.example'] })))
  const ca_list = ca.writeTo(tempDir(t))
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list, server_name: 'collector.example' })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 10)
  await until('an attempt', () => destinations.status()[0]!.lastError)
  assert.match(destinations.status()[0]!.lastError!, /^cert-name-mismatch: /)
  assert.equal(collector.packets.length, 0)
})

test('the configured server_name is what is verified and sent as SNI', async (t) => {
  const names: string[] = []
  const collector = await StreamCollector.open(t, {
    ...tlsOptions(ca.issue({ dns: ['collector.example'] })),
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  })
  const ca_list = ca.writeTo(tempDir(t))
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list, server_name: 'collector.example' })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 1)
  await until('a packet', () => collector.packets.length === 1)
  assert.deepEqual(names, ['collector.example'])
})

test('verification can be switched off', async (t) => {
  const collector = await StreamCollector.open(t, tlsOptions(ca.issue({ dns: ['other.example'] })))
  const tls = declaration({ transport: 'tls', port: collector.port, verify_cert: false })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 1)
  await until('a packet', () => collector.packets.length === 1)
})

test('a collector that wants a client certificate gets the configured one', async (t) => {
  const collector = await StreamCollector.open(t, {
    ...tlsOptions(collectorCertificate),
    ca: ca.certPem,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const dir = tempDir(t)
  const ca_list = ca.writeTo(dir)
  const { certificate, privateKey: private_key } = ca.issue({ cn: 'gateway' }).writeTo(dir, 'client')
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list, certificate, private_key })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 20)
  await until('20 packets', () => collector.packets.length === 20)
})

test('without the client certificate the collector wants, the alert is told and every packet is accounted for', async (t) => {
  const collector = await StreamCollector.open(t, {
    ...tlsOptions(collectorCertificate),
    ca: ca.certPem,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list: ca.writeTo(tempDir(t)) })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 20)
  await until('an alert', () => destinations.status()[0]!.lastError)
  const [status] = destinations.status()
  assert.match(status!.lastError!, /^(peer-alert-certificate_required|peer-reset|peer-closed)/)
  assert.equal(status!.sentPackets + status!.queuedPackets + droppedPackets(status!), 20)
  assert.equal(collector.packets.length, 0)
})

test('TLS files are read at every attempt: a repaired one is taken without a reload', async (t) => {
  const collector = await StreamCollector.open(t, tlsOptions(collectorCertificate))
  const ca_list = join(tempDir(t), 'late-ca.pem')
  const tls = declaration({ transport: 'tls', port: collector.port, ca_list })
  const destinations = openDestinations(t, destinationsConfig([tls]))
  offer(destinations, leg(), 0, 3)
  await until('an attempt', () => destinations.status()[0]!.lastError)
  assert.match(destinations.status()[0]!.lastError!, /late-ca\.pem/)
  writeFileSync(ca_list, ca.certPem)
  await until('3 packets', () => collector.packets.length === 3)
})
