/** HAProxy in TCP mode: terminates TLS and passes bytes on; knows no SIP and traces nothing. One thread, as we. */
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPeer } from '../../support/peer-files.mjs'
import { freePort, listening } from '../child.mjs'

export function haproxyVersion() {
  const path = findPeer('haproxy')
  return path && /version (\S+)/.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout)?.[1]
}

/** @returns {Promise<{name: string, pids: number[], port: number, stop(): void}>} */
export async function startHaproxy({ dir, backend, certificate, key }) {
  const port = await freePort()
  const pem = join(dir, 'haproxy.pem')
  const file = join(dir, 'haproxy.cfg')
  writeFileSync(pem, certificate + key, { mode: 0o600 })
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 8000
defaults
  mode tcp
  timeout connect 5s
  timeout client 10m
  timeout server 10m
frontend sips
  bind 127.0.0.1:${port} ssl crt ${pem} ssl-min-ver TLSv1.3
  default_backend sip
backend sip
  server sip 127.0.0.1:${backend.sip}
`,
  )
  const child = spawn(findPeer('haproxy'), ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (text) => {
    output += text
  })
  await listening(child, port, () => output)
  return { name: 'haproxy', pids: [child.pid], port, stop: () => child.kill('SIGKILL') }
}
