/** Why a socket cannot listen, as a sentence for the operator who has to mend it. */
import type { Endpoint } from './address.js'

/** `error`: what listen or bind gave. Names the port or the address, but not the setting they came from. */
export function listenProblem(transport: 'tcp' | 'udp', { ip, port }: Endpoint, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is taken by another program (see: ss -l${transport[0]}np 'sport = :${port}')`
    case 'EACCES':
      return `port ${port} needs the right to bind (CAP_NET_BIND_SERVICE), as ports below 1024 do`
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${ip}`
    default:
      return error.message
  }
}
