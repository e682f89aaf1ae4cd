/** What a finished handshake settled, read from the socket once. */
import type { TLSSocket } from 'node:tls'
import type { TlsFacts } from '../base/facts.js'

export function tlsFacts(
  socket: TLSSocket,
  hasPeerCertificate: boolean,
  nameVerdict: TlsFacts['nameVerdict'] = undefined,
): TlsFacts {
  // On accepted connections Node tells the group only from 22 on; before, the call gives an empty object or null.
  const group = socket.getEphemeralKeyInfo() as { name?: string } | null
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher()?.name ?? 'unknown',
    alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? undefined : socket.alpnProtocol,
    resumed: socket.isSessionReused(),
    group: group?.name,
    verify: hasPeerCertificate ? ((socket.authorizationError as unknown as string | null) ?? 'ok') : 'none',
    nameVerdict,
  }
}
