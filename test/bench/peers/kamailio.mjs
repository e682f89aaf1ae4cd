/**
 * Kamailio as the nearest thing that does the same work: forwards SIP from TLS to TCP without state, and tells a HEP
 * collector of every message it receives and sends. One process for connections; all its processes are counted.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPeer } from '../../support/peer-files.mjs'
import { familyOf, freePort, listening } from '../child.mjs'

export function kamailioVersion() {
  const path = findPeer('kamailio')
  return path && /kamailio (\S+)/.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout)?.[1]
}

/**
 * @param {{dir: string, backend: {sip: number}, collector: {udp: number, tcp: number}, certificate: string, key: string}} bench
 * @param {'off' | 'udp' | 'tcp'} trace
 * @returns {Promise<{name: string, pids: number[], port: number, stop(): void}>}
 */
export async function startKamailio({ dir, backend, collector, certificate, key }, trace) {
  const home = join(dir, `kamailio-${trace}-${Date.now()}`)
  mkdirSync(home)
  writeFileSync(join(home, 'cert.pem'), certificate)
  writeFileSync(join(home, 'key.pem'), key, { mode: 0o600 })
  writeFileSync(join(home, 'tls.cfg'), tlsConfig(home))
  const [port, corePort] = [await freePort(), await freePort()]
  const file = join(home, 'kamailio.cfg')
  writeFileSync(
    file,
    `debug=0
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
tcp_connection_lifetime=600
enable_tls=yes
listen=tls:127.0.0.1:${port}
listen=tcp:127.0.0.1:${corePort}
loadmodule "tls.so"
modparam("tls", "config", "${join(home, 'tls.cfg')}")
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
${trace === 'off' ? '' : siptrace(`sip:127.0.0.1:${collector[trace]};transport=${trace}`)}
request_route {
  if (!mf_process_maxfwd_header("70")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  $du = "sip:127.0.0.1:${backend.sip};transport=tcp";
  forward();
}
`,
  )
  const child = spawn(findPeer('kamailio'), ['-DD', '-E', '-f', file, '-Y', home, '-w', home], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (text) => {
    output += text
  })
  await listening(child, port, () => output)
  return {
    name: `kamailio-${trace}`,
    /** it listens before it has started all of them */
    get pids() {
      return familyOf(child.pid)
    },
    port,
    stop: () => child.kill('SIGTERM'),
  }
}

/** trace_mode 1: every message as it is received and sent. */
function siptrace(uri) {
  return `loadmodule "siptrace.so"
modparam("siptrace", "trace_on", 1)
modparam("siptrace", "trace_mode", 1)
modparam("siptrace", "trace_to_database", 0)
modparam("siptrace", "hep_mode_on", 1)
modparam("siptrace", "hep_version", 3)
modparam("siptrace", "hep_capture_id", 2001)
modparam("siptrace", "duplicate_uri", "${uri}")`
}

function tlsConfig(home) {
  return `[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
certificate = ${join(home, 'cert.pem')}
private_key = ${join(home, 'key.pem')}
`
}
