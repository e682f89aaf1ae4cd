/**
 * Which scenario shows which cause: causes-GROUP.test.ts has a case for each of its group, which the compiler
 * checks, and causes-are-all-shown.test.ts compares the groups with the table.
 */
import type { causes } from '../../src/base/errors.js'

export const causeGroups = {
  /** a client that gets no connection */
  accepted: [
    'no-shared-version',
    'no-shared-cipher',
    'no-shared-sigalg',
    'no-shared-group',
    'unknown-ca',
    'cert-expired',
    'cert-not-yet-valid',
    'cert-revoked',
    'cert-invalid',
    'client-cert-missing',
    'not-tls',
    'http-on-sip-port',
    'tls-protocol-error',
    'sni-unmatched',
    'bad-proxy-header',
    'handshake-timeout',
    'reset-in-handshake',
    'limit-reached',
  ],
  /** an upstream that cannot be used */
  initiated: [
    'connect-refused',
    'connect-timeout',
    'unreachable',
    'dns-failed',
    'handshake-timeout',
    'reset-in-handshake',
    'not-tls',
    'unknown-ca',
    'cert-expired',
    'cert-not-yet-valid',
    'cert-revoked',
    'cert-invalid',
    'cert-name-mismatch',
  ],
  /** a connection that carried SIP, and its end */
  established: [
    'bad-sip',
    'too-many-chunks',
    'message-too-large',
    'message-timeout',
    'send-timeout',
    'peer-reset',
    'peer-closed',
    'relay-closed',
    'killed',
    'postponed-overflow',
    'upstream-failed',
    'idle',
    'shutdown',
  ],
  /** a connection that we opened and keep alive */
  kept: ['keepalive-timeout'],
} as const satisfies Record<string, readonly (keyof typeof causes)[]>

/** The causes of one group. */
export type CauseOf<Group extends keyof typeof causeGroups> = (typeof causeGroups)[Group][number]
