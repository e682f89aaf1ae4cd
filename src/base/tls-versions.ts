/** TLS versions by their OpenSSL names. */

/** RFC 8996: TLS below 1.2 must not be used. */
export function isDeprecated(version: string): boolean {
  return version === 'TLSv1' || version === 'TLSv1.1' || version.startsWith('SSL')
}
