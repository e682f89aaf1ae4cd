/**
 * The commands of the management interface: those of OpenSIPS that mean something here, under their names up to
 * version 3 and, with the name of the module before a colon, since version 4.
 */
import { type Command, invalidParams } from './mi-command.js'
import { listTcpConns } from './mi-connections.js'
import { tlsTrace, uptime, version } from './mi-core.js'
import { tlsList, tlsReload } from './mi-domains.js'
import { logLevel } from './mi-log.js'
import { getStatistics } from './mi-statistics.js'

/** mi/mi_core.c, mi_which and mi_which_cmd: all names, those of a module, or the parameters a command takes. */
const which: Command = {
  recipes: [[], ['command']],
  async run(values) {
    const names = [...commands.keys()]
    if (!values.has('command')) return { result: names }
    const asked = values.get('command')
    if (typeof asked !== 'string') return { error: invalidParams }
    const found = asked.endsWith(':') ? names.filter((name) => name.startsWith(asked)) : commands.get(asked)?.recipes
    return found?.length ? { result: found } : { error: { code: 404, message: 'unknown MI command' } }
  },
}

export const commands: ReadonlyMap<string, Command> = new Map([
  ['tls_trace', tlsTrace],
  ['tls:trace', tlsTrace],
  ['tls_list', tlsList],
  ['tls_mgm:list', tlsList],
  ['tls_reload', tlsReload],
  ['tls_mgm:reload', tlsReload],
  ['list_tcp_conns', listTcpConns],
  ['tcp:list', listTcpConns],
  ['get_statistics', getStatistics],
  ['statistics:get', getStatistics],
  ['log_level', logLevel],
  ['uptime', uptime],
  ['version', version],
  ['which', which],
])
