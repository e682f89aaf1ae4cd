/** Kamailio with a configuration of the test's own, on one port over TCP and UDP, and on one over TLS where asked. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peer } from './peers.js'
import { accepts, freePort } from './ports.js'
import { startProcess, type TestProcess } from './process.js'
import type { Scope } from './scope.js'
import { tempDir } from './tmp.js'
import { until } from './wait.js'

export interface Kamailio {
  readonly port: number
  readonly process: TestProcess
}

/** `configuration` gets the port; the lines about logging, children and listening on TCP and UDP stand before it. */
export async function startKamailio(scope: Scope, configuration: (port: number) => string): Promise<Kamailio> {
  const dir = tempDir(scope)
  const port = await freePort()
  const file = join(dir, 'kamailio.cfg')
  const lines = [
    'debug=1',
    'log_stderror=yes',
    'children=1',
    'tcp_children=1',
    'auto_aliases=no',
    'dns=no',
    'rev_dns=no',
    `listen=udp:127.0.0.1:${port}`,
    `listen=tcp:127.0.0.1:${port}`,
    configuration(port),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const process = startProcess(scope, peer('kamailio'), ['-DD', '-E', '-f', file, '-Y', dir, '-w', dir])
  await until('Kamailio to listen', () => !process.running || accepts(port))
  if (!process.running) throw new Error(`Kamailio ended at once:\n${process.output}`)
  return { port, process }
}

/** Goes before the routes of a Kamailio that relays calls. */
export const proxyModules = ['tm', 'sl', 'rr', 'pv', 'maxfwd', 'siputils', 'textops', 'xlog', 'usrloc', 'registrar']
  .map((name) => `loadmodule "${name}.so"`)
  .join('\n')

/** `route(WITHIN_DIALOG)` deals with what belongs to a call or transaction there is (RFC 3261 §16); the rest comes back. */
export const withinDialogRoute = `
route[WITHIN_DIALOG] {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  if (is_method("CANCEL")) {
    if (t_check_trans()) t_relay();
    exit;
  }
  if (!has_totag()) {
    t_check_trans();
    return;
  }
  if (loose_route() || (is_method("ACK") && t_check_trans())) {
    if (!t_relay()) sl_reply_error();
    exit;
  }
  if (!is_method("ACK")) sl_send_reply("481", "Call Does Not Exist");
  exit;
}
`
