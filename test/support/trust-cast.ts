/** The cast of trusted calls: edge mode that verifies the certificates of clients and trusts some of the domains they name. */
import type { IssueOptions, TestCertificate } from './certificates.js'
import { sceneCa, serverDomain } from './domains.js'
import { type EdgeCast, edgeName, startEdgeCast } from './edge-cast.js'
import type { SceneConfig } from './scene.js'
import type { Scope } from './scope.js'
import { tempDir } from './tmp.js'

export const trustedDomain = 'carrier.example'

/** the SNI by which nobody is asked for a certificate */
export const unaskingName = 'open.example.com'

export function startTrustCast(test: Scope, config: SceneConfig = {}): Promise<EdgeCast> {
  const dir = tempDir(test)
  const verifying = serverDomain(dir, edgeName, { verify_cert: 1, ca_list: sceneCa.writeTo(dir) })
  const unasking = serverDomain(dir, unaskingName, { match_sip_domain: [unaskingName] })
  return startEdgeCast(test, {
    ...config,
    tls_mgm: { server_domain: [unasking, verifying] },
    trust: { domains: [trustedDomain], ...(config.trust as object | undefined) },
  })
}

/** For a client of the gateway: the certificate it shows. */
export function showing({ chainPem, keyPem }: TestCertificate): { readonly cert: string; readonly key: string } {
  return { cert: chainPem, key: keyPem }
}

/** The same for one that the CA of the test issues to these names. */
export function certified(names: IssueOptions): ReturnType<typeof showing> {
  return showing(sceneCa.issue(names))
}
