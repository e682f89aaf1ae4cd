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

/**
 * What /proc/net/tcp says of the gateway's end of the connection to a port: on its own port for a client, on one
 * of the system's choice for an upstream.
 */
function timerOf(listening: number, remote: number): string | undefined {
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)
  const fields = lines.map((line) => line.trim().split(/\s+/))
  const ours = fields.find(
    ([, local = '', peer = '', state]) =>
      state === established && portOf(peer) === remote && (portOf(local) === listening || portOf(local) >= 32_768),
  )
  const [code, left] = ours?.[5]?.split(':') ?? []
  if (code === '00') return 'none'
  // in 1/100 s
  return code === '02' && Number.parseInt(left!, 16) <= 7700 ? 'keepalive' : undefined
}

const established = '01'

function portOf(address: string): number {
  return Number.parseInt(address.slice(-4), 16)
}
