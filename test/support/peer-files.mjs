/**
 * Finds the real programs that interop tests talk to (peers.json), and installs the Debian packages
 * that lack, where that is possible without asking anybody: as root, with apt. Plain JavaScript,
 * because test/run.mjs needs it before anything is compiled.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** @typedef {{ package: string, command?: string, file?: string }} Peer */

/** @type {Record<string, Peer>} */
export const peers = JSON.parse(readFileSync(new URL('peers.json', import.meta.url), 'utf8'))

/** Daemons live in sbin, which is not on the PATH of ordinary users. */
const directories = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin']

/** @param {string} name @returns {string | undefined} path of the peer's program or file, undefined when it is missing */
export function findPeer(name) {
  const peer = peers[name]
  if (peer === undefined) throw new Error(`${name} is not in peers.json`)
  if (peer.command !== undefined) return directories.map((d) => `${d}/${peer.command}`).find((p) => existsSync(p))
  return expand(peer.file)
}

/** Debian packages that are missing here. */
export function missingPackages() {
  return Object.keys(peers)
    .filter((name) => findPeer(name) === undefined)
    .map((name) => peers[name].package)
}

/** @param {string[]} packages @returns {string | undefined} why it did not work */
export function installPackages(packages) {
  if (process.getuid?.() !== 0) return 'not root'
  if (!existsSync('/usr/bin/apt-get')) return 'no apt-get'
  // RUNLEVEL=1 keeps maintainer scripts from starting the daemons; we start our own with our own files.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const run = spawnSync('apt-get', ['-q', ...wait, ...args], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    })
    if (run.status !== 0) return `apt-get ${args[0]} failed: ${(run.stderr ?? '').trim().split('\n').at(-1)}`
  }
  return undefined
}

/** The first file that a path with one `*` folder names. */
function expand(pattern) {
  const [before, after] = pattern.split('*')
  if (!existsSync(before)) return undefined
  return readdirSync(before)
    .map((folder) => `${before}${folder}${after}`)
    .find((path) => existsSync(path))
}
