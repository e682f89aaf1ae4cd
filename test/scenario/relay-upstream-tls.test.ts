import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { TestCertificate } from '../support/certificates.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { assertFailure, assertNetwork } from '../support/failure.js'
import { listening } from '../support/listening.js'
import { type EventFields, patienceMs, startScene } from '../support/scene.js'
import { sipAnswer, sipRequest, splitMessages } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { within } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const serverCertificate = sceneCa.issue({ dns: ['sip-core.example.com'] })
const gateway = sceneCa.issue({ cn: 'edge gateway' })

/** A SIP server over TLS, and what each connection showed it. */
async function tlsUpstream(options: TlsOptions = {}) {
  const seen: { sni: string | false | null; client: unknown; authorized: boolean }[] = []
  const server = createServer({ cert: serverCertificate.chainPem, key: serverCertificate.keyPem, ...options })
  server.on('secureConnection', (socket: TLSSocket) => {
    seen.push({
      sni: socket.servername,
      client: socket.getPeerCertificate().subject?.CN,
      authorized: socket.authorized,
    })
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const request of splitMessages(chunk).messages) socket.write(sipAnswer(request))
    })
  })
  server.on('tlsClientError', () => {})
  return { port: await listening(scope, server), seen }
}

const mutual = await tlsUpstream({ requestCert: true, rejectUnauthorized: true, ca: sceneCa.certPem })
const plain = await tlsUpstream()

function sceneWith(upstream: number, settings: EventFields, certificate: TestCertificate | undefined) {
  return startScene(
    scope,
    {
      relay: { upstream: [`sip:127.0.0.1:${upstream};transport=tls`] },
      tls_mgm: { client_domain: [clientDomain(dir, upstream, settings, certificate)] },
    },
    dir,
  )
}

test('an upstream gets our certificate and the name we ask for, and the event holds both certificates', async () => {
  const scene = await sceneWith(mutual.port, { server_name: 'sip-core.example.com', verify_name: 'enforce' }, gateway)
  const client = await scene.client()
  const { answer } = await client.request({ callId: 'to-the-core' })
  assert.match(answer.toString(), /^SIP\/2\.0 200/)
  assert.deepEqual(mutual.seen, [{ sni: 'sip-core.example.com', client: 'edge gateway', authorized: true }])

  const event = await scene.event('CONNECTED', { peer: `127.0.0.1:${mutual.port}` })
  assert.equal(event.Status, 'SUCCESS')
  assertNetwork(scene.recordOf(event))
  // client is the TLS client: us
  assert.equal(event['client-subject'], '/O=hepgate test/CN=edge gateway')
  assert.equal(event['server-subject'], '/O=hepgate test/CN=sip-core.example.com')
  assert.equal(event['server-serial'], serverCertificate.serial)
  assert.equal(event['server-san'], 'DNS:sip-core.example.com')
  assert.deepEqual([event.verify, event.verify_name, event.tls_sni], ['ok', 'ok', 'sip-core.example.com'])
  assert.equal(event.tls_domain, `to-${mutual.port}`)
  assert.equal(event.tls_version, 'TLSv1.3')
  await client.close()
})

test('a name that does not match is reported, and the call goes on where the policy is report', async () => {
  const scene = await sceneWith(plain.port, { server_name: 'other.example.com' }, gateway)
  const client = await scene.client()
  await client.request()
  const event = await scene.event('CONNECTED', { direction: 'out' })
  assert.deepEqual([event.Status, event.verify, event.verify_name], ['SUCCESS', 'ok', 'mismatch'])
  await client.close()
})

test('an upstream that wants a certificate we do not have says so after our handshake (TLS 1.3)', async () => {
  const scene = await sceneWith(mutual.port, { server_name: 'sip-core.example.com' }, undefined)
  const client = await scene.client()
  const peer = client.address
  client.send(sipRequest())
  await within('the client to be let go', client.closed, patienceMs)
  const { event } = await assertFailure(scene, 'ERROR', 'peer-alert-certificate_required', { direction: 'out' })
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual([closed.Status, closed.cause, closed.relayed_to], ['SUCCESS', 'relay-closed', event.conn_id])
})
