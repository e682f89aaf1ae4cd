import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { declaration, destinationsConfig, leg, offer, openDestinations } from '../support/destinations.js'
import { until } from '../support/wait.js'

test('something that answers is no HEP collector: the connection ends and the status says why', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const destinations = openDestinations(t, destinationsConfig([declaration({ port })]))
  offer(destinations, leg(), 0, 1)
  await until('the answer', () => destinations.status()[0]!.lastError)
  assert.match(destinations.status()[0]!.lastError!, /sends data/)
})
