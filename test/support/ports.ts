/** Ports for programs that cannot be told port 0, and whether they listen yet. Our own servers listen on port 0 instead. */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Below the range from which Linux takes source ports, so that no connection of another test sits on it. */
const firstPort = 10_240
const endPort = 32_768
const attempts = 50

/** A port on which nothing listens now on 127.0.0.1, neither over TCP nor over UDP. */
export async function freePort(): Promise<number> {
  for (let i = 0; i < attempts; i++) {
    const port = randomInt(firstPort, endPort)
    if ((await tcpIsFree(port)) && (await udpIsFree(port))) return port
  }
  throw new Error(`no free port in ${attempts} attempts`)
}

/** The first port from here on that is free in the same way: for programs that people are told the port of. */
export async function freePortFrom(first: number): Promise<number> {
  for (let port = first; port < first + attempts; port++) {
    if ((await tcpIsFree(port)) && (await udpIsFree(port))) return port
  }
  throw new Error(`no free port from ${first} to ${first + attempts - 1}`)
}

/** Whether a TCP connect to 127.0.0.1 succeeds now. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function tcpIsFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

async function udpIsFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}
