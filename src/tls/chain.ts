/** The certificates a peer sent, from its own up to the last that OpenSSL could join to it. Judges none of them. */
import type { X509Certificate } from 'node:crypto'
import type { CertificateFacts } from '../base/facts.js'
import { certificateFacts } from './certificate.js'

/** OpenSSL verifies chains far longer; real ones have two to four certificates. */
const longest = 10

/** Leaf first. A root names itself as its issuer, and a hostile chain may run in a circle: each is there once. */
export function chainFacts(leaf: X509Certificate): CertificateFacts[] {
  const chain: CertificateFacts[] = []
  let x509: X509Certificate | undefined = leaf
  while (x509 !== undefined && chain.length < longest) {
    const facts = certificateFacts(x509)
    if (chain.some(({ sha256 }) => sha256 === facts.sha256)) break
    chain.push(facts)
    x509 = x509.issuerCertificate
  }
  return chain
}
