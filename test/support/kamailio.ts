/** Kamailio with a configuration of the test's own, on one port over TCP and UDP. */
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
