/** Servers that misbehave on purpose: whatever `net` or `tls` server a test makes, listening on loopback until its end. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Scope, startProcess } from './process.js'
import { until } from './wait.js'

/** Listens, on a free port unless told which, and returns it. With the test the server and all its connections end. */
export async function listening(scope: Scope, server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => {}) // peers that reset are what tests are about
    socket.on('close', () => open.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  scope.after(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

/** A TCP server with this to do for each connection. */
export function tcpServer(scope: Scope, onConnection: (socket: Socket) => void): Promise<number> {
  return listening(scope, createServer(onConnection))
}

/** A connected TCP socket that lives as long as the test; from another loopback address if one is given. */
export async function tcpConnect(
  scope: Scope,
  port: number,
  host = '127.0.0.1',
  localAddress: string | undefined = undefined,
): Promise<Socket> {
  const socket = connect({ port, host, noDelay: true, ...(localAddress && { localAddress }) })
  socket.on('error', () => {}) // a gateway that refuses may reset
  scope.after(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** our end of a socket, as the gateway names its peer */
export function addressOf({ localAddress, localPort }: Socket): string {
  return localAddress?.includes(':') ? `[${localAddress}]:${localPort}` : `${localAddress}:${localPort}`
}

export interface StalledServer {
  readonly port: number
  /** From now on connects are refused; one that is on its way hears of it with its next SYN, a second after the first. */
  die(): void
}

/** A port where connects never end. */
export async function stalledPort(scope: Scope): Promise<number> {
  return (await stalledServer(scope)).port
}

/**
 * A server where connects never end: its process is stopped and its accept queue full, so that the kernel
 * drops each further SYN, as a firewall would. Linux keeps `backlog + 1` connections for it.
 */
export async function stalledServer(scope: Scope): Promise<StalledServer> {
  scope.after(() => child.signal('SIGKILL')) // before startProcess's own: a stopped process does not hear SIGTERM
  const listener =
    'const s = require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log("port", s.address().port))'
  const child = startProcess(scope, process.execPath, ['-e', listener])
  const port = Number((await child.printed(/port (\d+)/))[1])
  child.signal('SIGSTOP')
  await until('a stopped process', () => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1')))
  let connected = 0
  for (let i = 0; i < 4; i++) {
    const socket = connect(port, '127.0.0.1', () => connected++)
    socket.on('error', () => {})
    scope.after(() => void socket.destroy())
  }
  await until('a full accept queue', () => connected >= 2)
  return { port, die: () => child.signal('SIGKILL') }
}
