/** HAProxy takes the PROXY headers we write, and what it passes on of them is what we wrote. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ProxyReader, proxyHeaderV1, proxyHeaderV2 } from '../../src/tls/proxy-protocol.js'
import { lacks, peer } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { startProcess } from '../support/process.js'
import type { Scope } from '../support/scope.js'
import { tempDir } from '../support/tmp.js'
import { until, within } from '../support/wait.js'

const clients = [
  { source: { ip: '192.0.2.7', port: 40000 }, destination: { ip: '198.51.100.1', port: 5061 } },
  { source: { ip: '2001:db8::7', port: 40001 }, destination: { ip: '2001:db8::1', port: 5061 } },
]

describe('HAProxy behind our PROXY headers', { skip: lacks('haproxy') }, () => {
  for (const option of ['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options crc32c']) {
    test(`passes on with ${option} whom they name`, async (t) => {
      const backend = await startBackend(t)
      const port = await startHaproxy(t, backend.port, option)
      for (const write of [proxyHeaderV1, proxyHeaderV2]) {
        for (const { source, destination } of clients) {
          const socket = connect(port, '127.0.0.1')
          t.after(() => socket.destroy())
          socket.write(Buffer.concat([write(source, destination), Buffer.from('hello')]))
          const [header, rest] = await within('the header from HAProxy', backend.next())
          assert.deepEqual(header, { source, destination })
          assert.equal(rest, 'hello')
        }
      }
    })
  }
})

/** Reads the header of each connection and what comes after it. */
async function startBackend(scope: Scope) {
  const arrivals: [header: unknown, rest: string][] = []
  const server = createServer((socket) => {
    const reader = new ProxyReader()
    socket.on('data', (chunk) => {
      const header = reader.push(chunk)
      const rest = reader.rest().toString()
      if (header === 'more' || rest.length < 'hello'.length) return
      arrivals.push([header, rest])
      socket.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(() => void server.close())
  return {
    port: (server.address() as AddressInfo).port,
    next: () => until('a connection', () => arrivals.shift()),
  }
}

async function startHaproxy(scope: Scope, backendPort: number, option: string): Promise<number> {
  const port = await freePort()
  const file = join(tempDir(scope), 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen test
  bind 127.0.0.1:${port} accept-proxy
  server backend 127.0.0.1:${backendPort} ${option}
`,
  )
  const haproxy = startProcess(scope, peer('haproxy'), ['-db', '-f', file])
  await until('HAProxy to listen', async () => {
    assert.ok(haproxy.running, haproxy.output)
    const probe = connect(port, '127.0.0.1')
    await once(probe, 'connect')
    probe.destroy()
    return true
  })
  return port
}
