import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

const skip = existsSync('/proc/net/tcp') ? false : 'only Linux shows the timers of a socket'

test('peers and upstreams that fall silent are probed, unless that is switched off', { skip }, async (t) => {
  for (const [tcp_keepalive, timer] of [
    [1, 'keepalive'],
    [0, 'none'],
  ] as const) {
    const scene = await startScene(t, { limits: { tcp_keepalive, tcp_keepidle: 77 } })
    const client = await scene.client()
    await client.request()
    const [clientPort, upstreamPort] = [client.socket.localPort!, scene.server.port]
    for (const remote of [clientPort, upstreamPort]) {
      // right after traffic it is the timer of a retransmission
      await until(`timer ${timer} of the connection to port ${remote}`, () => timerOf(scene.port, remote) === timer)
    }
    await client.close()
  }
})

/** The timer of our connection to that port; for upstreams any local port of ours will do. */
function timerOf(listening: number, remote: number): string | undefined {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)
  const ours = lines
    .map((line) => line.trim().split(/\s+/))
    .find(
      ([, local, peer, state]) =>
        state === '01' && peer?.endsWith(`:${hex(remote)}`) && local !== undefined && isOurs(local),
    )
  function isOurs(local: string): boolean {
    // a connection to an upstream leaves from a port of the system's choice
    return local.endsWith(`:${hex(listening)}`) || Number.parseInt(local.slice(-4), 16) >= 32_768
  }
  assert.ok(ours, `no connection to port ${remote}`)
  const [code, left] = ours[5]!.split(':')
  if (code !== '02') return code === '00' ? 'none' : 'other'
  // in 1/100 s
  return Number.parseInt(left!, 16) <= 7700 ? 'keepalive' : 'other'
}
