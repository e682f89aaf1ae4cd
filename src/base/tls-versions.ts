/** TLS versions by their OpenSSL names, and as OpenTelemetry writes them. */

/** RFC 8996: TLS below 1.2 must not be used. */
export function isDeprecated(version: string): boolean {
  return version === 'TLSv1' || version === 'TLSv1.1' || version.startsWith('SSL')
}

/** `tls.protocol.version` of an OpenSSL name: a peer may offer any number, and those that are no version are `other`. */
export function protocolVersion(name: string): string {
  return versions[name] ?? 'other'
}

const versions: Readonly<Record<string, string>> = {
  'TLSv1.3': '1.3',
  'TLSv1.2': '1.2',
  'TLSv1.1': '1.1',
  TLSv1: '1.0',
  SSLv3: 'ssl3',
}
