/** TLS versions as OpenSIPS spells them: `TLSv1_2`, `TLSv1_2-TLSv1_3`, `TLSv1_2-`, `SSLv23`. */
import { UsageError } from '../base/errors.js'
import { quote } from './host-port.js'
import type { TlsVersion } from './types.js'

export interface VersionRange {
  readonly min_version: TlsVersion
  readonly max_version: TlsVersion
}

/** RFC 8996: TLS 1.0 and 1.1 must not be used. Whoever has phones that know nothing better can still say so. */
const safeVersions: VersionRange = { min_version: 'TLSv1.2', max_version: 'TLSv1.3' }

const versions: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
const spellings: ReadonlyMap<string, TlsVersion> = new Map(
  versions.flatMap((version) => [
    [version.toLowerCase(), version],
    [version.toLowerCase().replace('.', '_'), version],
  ]),
)

/** Throws a `UsageError`. */
export function parseTlsMethod(text: string): VersionRange {
  const method = text.trim().toLowerCase()
  // In OpenSSL and OpenSIPS: whatever both sides know. What we know that is safe, is this.
  if (method === 'sslv23') return safeVersions
  if (method === 'sslv2' || method === 'sslv3')
    throw new UsageError(`${quote(text)}: SSL is not spoken any more (RFC 7568)`)
  const [low = '', high, ...more] = method.split('-')
  const min_version = spellings.get(low.trim())
  const max_version = high === undefined ? min_version : high.trim() === '' ? 'TLSv1.3' : spellings.get(high.trim())
  if (min_version === undefined || max_version === undefined || more.length > 0) {
    const known = 'SSLv23, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3, a range TLSv1_2-TLSv1_3 or an open one TLSv1_2-'
    throw new UsageError(`${quote(text)} is not a TLS method: expected ${known}`)
  }
  if (versions.indexOf(min_version) > versions.indexOf(max_version)) {
    throw new UsageError(`${quote(text)} is an empty range: the lower version comes first`)
  }
  return { min_version, max_version }
}
