/** stunnel: gives TLS to programs that speak none. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peer } from './peers.js'
import { freePort } from './ports.js'
import { startProcess, type TestProcess } from './process.js'
import type { Scope } from './scope.js'
import { tempDir } from './tmp.js'

export interface Stunnel {
  /** takes plain TCP on 127.0.0.1 */
  readonly port: number
  readonly process: TestProcess
}

/** Carries what comes to its port over TLS to another of 127.0.0.1, whose certificate must be good for `name`. */
export async function startStunnel(scope: Scope, to: number, ca: string, name: string): Promise<Stunnel> {
  const port = await freePort()
  const file = join(tempDir(scope), 'stunnel.conf')
  writeFileSync(
    file,
    `foreground = yes
pid =
[sips]
client = yes
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${to}
sni = ${name}
CAfile = ${ca}
verifyChain = yes
checkHost = ${name}
`,
  )
  const process = startProcess(scope, peer('stunnel'), [file])
  await process.printed(/Configuration successful/)
  return { port, process }
}
