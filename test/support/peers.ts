/**
 * The real programs that interop tests talk to, by their names in peers.json. A test whose peer is
 * missing is skipped and says why; in continuous integration (CI=true) it fails.
 */
import { repoRoot } from './paths.js'

const { findPeer, peers } = (await import(`${repoRoot}test/support/peer-files.mjs`)) as {
  findPeer(name: string): string | undefined
  peers: Record<string, { package: string }>
}

/** For the `skip` of a test or suite: false when every peer is here. */
export function lacks(...names: string[]): string | false {
  const missing = names.filter((name) => findPeer(name) === undefined).map((name) => peers[name]!.package)
  if (missing.length === 0) return false
  // CI must see the test fail, which it does when it looks for its peer.
  return process.env.CI === 'true' ? false : `needs ${missing.join(', ')} (apt-get install)`
}

/** Path of a peer's program or file. */
export function peer(name: string): string {
  const path = findPeer(name)
  if (path === undefined) throw new Error(`${name} is missing: apt-get install ${peers[name]!.package}`)
  return path
}
