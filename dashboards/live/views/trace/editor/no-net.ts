/**
 * In the place of `node:net` in the page: the table of pseudo-variables is the gateway's own, and what reads
 * addresses there is never called here (build.mjs).
 */
export function isIPv4(): boolean {
  return false
}

export function isIPv6(): boolean {
  return false
}
