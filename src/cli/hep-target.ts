/** The collector that `--to` of a command names: a HEP id of a configuration, or an address. Connects to nothing. */
import { UsageError } from '../base/errors.js'
import { hepDestination, parseHepId } from '../config/hep-id.js'
import { defaultConfig, loadConfig } from '../config/load.js'
import type { Config } from '../config/types.js'

/** Id of a destination that no configuration declares. */
const directId = 'direct'

/** The HEP settings with that destination alone, all declarations of its id. Throws UsageError. */
export function hepTarget(to: string, configFile: string | undefined): Config['proto_hep'] {
  const [, transport, address] = /^(udp|tcp|tls):(.+)$/.exec(to) ?? []
  const { proto_hep } = configFile === undefined ? defaultConfig() : loadConfig(configFile)
  if (transport !== undefined) {
    return { ...proto_hep, hep_id: [hepDestination(parseHepId(`[${directId}]${address};transport=${transport}`))] }
  }
  if (configFile === undefined) {
    throw new UsageError(`--to ${to} is a HEP id: say with --config which file declares it, or give udp:HOST:PORT`)
  }
  const hep_id = proto_hep.hep_id.filter((declared) => declared.id === to)
  if (hep_id.length === 0) {
    const known = [...new Set(proto_hep.hep_id.map((declared) => declared.id))]
    throw new UsageError(`${configFile} declares no HEP id ${to}; it has ${known.join(', ') || 'none'}`)
  }
  return { ...proto_hep, hep_id }
}
