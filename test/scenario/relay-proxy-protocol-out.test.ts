import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { ByteServer } from '../support/byte-server.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { listening } from '../support/listening.js'
import { patienceMs, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }

test('a version 1 header names the client to an upstream over TCP, before the SIP', async (t) => {
  const upstream = await ByteServer.start(t)
  const scene = await startScene(t, { relay: { upstream: [upstream.uri], proxy_protocol: 'v1' } })
  const client = await scene.client()
  const request = sipRequest()
  client.send(request)
  const expected = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${scene.port}\r\n${request}`
  await until('header and request', () => upstream.received().length >= expected.length, patienceMs)
  assert.equal(upstream.received().toString(), expected)
  await client.close()
})

test('a version 2 header stands in clear before the ClientHello, once for each connection, also after a failover', async (t) => {
  const dir = tempDir(scope)
  const { chainPem, keyPem } = sceneCa.issue({ dns: ['localhost'] })
  const headers: Buffer[] = []
  const requests: Buffer[] = []
  const tls = createTlsServer({ cert: chainPem, key: keyPem })
  tls.on('secureConnection', (socket) => socket.on('data', (chunk: Buffer) => requests.push(chunk)))
  const server = createServer((socket) => void readHeader(socket).then((header) => headers.push(header)))

  /** 16 bytes, then as many as the last two of them say: taken off, the rest is TLS. */
  async function readHeader(socket: Socket): Promise<Buffer> {
    const header = await until('a header', () => socket.read(16 + 12) as Buffer | null, patienceMs)
    tls.emit('connection', socket)
    return header
  }

  const port = await listening(t, server)
  const hangsUp = await listening(
    t,
    createServer((socket) => socket.destroy()),
  )
  const scene = await startScene(
    t,
    {
      relay: {
        upstream: [`sip:127.0.0.1:${hangsUp};transport=tls`, `sip:127.0.0.1:${port};transport=tls`],
        proxy_protocol: 'v2',
      },
      tls_mgm: { client_domain: [clientDomain(dir, port, { server_name: 'localhost' })] },
    },
    dir,
  )
  const client = await scene.client()
  const request = sipRequest()
  client.send(request)
  await until('the request', () => Buffer.concat(requests).length >= request.length, patienceMs)
  assert.deepEqual(Buffer.concat(requests), request)
  const hex = (number: number) => number.toString(16).padStart(4, '0')
  const ports = hex(client.socket.localPort!) + hex(scene.port)
  assert.deepEqual(
    headers.map((header) => header.toString('hex')),
    [`0d0a0d0a000d0a515549540a2111000c7f0000017f000001${ports}`],
  )
  await client.close()
})
