/** Sockets as OpenSIPS spells them: `tls:192.0.2.1:5061 AS sip.example.com:5061`, `tls:[::1]`, `tcp:*:5060`. */

import { sipPort } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import type { Transport } from '../base/facts.js'
import { parseHostPort, parseIpPort, quote } from './host-port.js'
import type { HostPort, SocketConfig } from './types.js'

const form = /^\s*(tls|tcp|udp):(\S+)(?:\s+AS\s+(\S+))?\s*$/i

/** A socket as it is written, side and PROXY protocol left open. */
export type WrittenSocket = Pick<SocketConfig, 'text' | 'transport' | 'ip' | 'port' | 'advertise'>

/** Throws a `UsageError`. `tlsPort` is the port of a tls socket without one; 0 takes any free port. */
export function parseSocket(text: string, tlsPort: number): WrittenSocket {
  const parts = form.exec(text)
  if (parts === null) {
    throw new UsageError(`${quote(text)} is not a socket: expected tls:IP[:PORT] [AS HOST[:PORT]]`)
  }
  const transport = (parts[1] as string).toLowerCase() as Transport
  const { ip, port = transport === 'tls' ? tlsPort : sipPort } = parseIpPort(parts[2] as string, 0)
  const advertise = parts[3] === undefined ? undefined : parseAdvertised(parts[3], port)
  return { text, transport, ip, port, advertise }
}

/** `host[:port]`; without a port, that of the socket. */
export function parseAdvertised(text: string, socketPort: number): HostPort {
  const { host, port = socketPort } = parseHostPort(text)
  return { host, port }
}
