import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { listenProblem } from '../../../src/base/listen-problem.js'

const failed = (code: string) => Object.assign(new Error(`bind ${code} somewhere`), { code })
const here = { ip: '192.0.2.1', port: 443 }

test('a taken port is named, with a command that shows by whom', () => {
  assert.equal(
    listenProblem('tcp', here, failed('EADDRINUSE')),
    "port 443 is taken by another program (see: ss -ltnp 'sport = :443')",
  )
  assert.match(listenProblem('udp', here, failed('EADDRINUSE')), /ss -lunp 'sport = :443'/)
})

test('a missing right, a foreign address, and whatever else there is', () => {
  assert.match(listenProblem('tcp', here, failed('EACCES')), /^port 443 .*CAP_NET_BIND_SERVICE/)
  assert.equal(listenProblem('tcp', here, failed('EADDRNOTAVAIL')), 'this machine has no address 192.0.2.1')
  assert.equal(listenProblem('udp', here, failed('EMFILE')), 'bind EMFILE somewhere')
})

test('the codes are those that TCP and UDP sockets give', async (t) => {
  const tcp = createServer().listen(0, '192.0.2.1')
  const [tcpError] = await once(tcp, 'error')
  assert.equal(listenProblem('tcp', here, tcpError), 'this machine has no address 192.0.2.1')
  const udp = createSocket('udp4').bind(0, '192.0.2.1')
  t.after(() => udp.close())
  const [udpError] = await once(udp, 'error')
  assert.equal(listenProblem('udp', here, udpError), 'this machine has no address 192.0.2.1')
})
