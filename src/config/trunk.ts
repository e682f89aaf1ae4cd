/** Trunks: `sips:host[:port]`, `tls:host[:port]`, `sip:host[:port];transport=tcp|tls`. */
import { UsageError } from '../base/errors.js'
import { parseServer, type ServerKind } from './server-uri.js'
import type { TrunkConfig } from './types.js'

export const trunkForm = 'sips:HOST[:PORT], tls:HOST[:PORT] or sip:HOST[:PORT];transport=tcp|tls'

const trunk: ServerKind<TrunkConfig['transport']> = { noun: 'a trunk', form: trunkForm, transports: ['tcp', 'tls'] }

/** A trunk as it is written, keep-alives left open. */
export type WrittenTrunk = Omit<TrunkConfig, 'keepalive' | 'options'>

/** Throws a `UsageError`. */
export function parseTrunk(text: string): WrittenTrunk {
  const { host, port, transport } = parseServer(text, trunk)
  // between networks nobody should have to guess whether a call was encrypted
  if (transport === undefined) throw new UsageError(`${text} names no transport: write sips:, or add ;transport=tcp`)
  return { uri: text, host, port, transport }
}
