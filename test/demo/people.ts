/** Who has a phone in the demo, and what their phones can do: names, products, addresses and TLS. Deterministic. */
import type { TestCa } from '../support/certificates.js'
import type { PhoneOptions } from './phone.js'
import type { Habit } from './user-agent.js'

const names = [
  ...['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'niaj'],
  ...['olivia', 'peggy', 'quentin', 'rupert', 'sybil', 'trent', 'ursula', 'victor', 'walter', 'xenia', 'yusuf', 'zoe'],
]

const products = ['Yealink SIP-T54W 96.86', 'snomD785/10.1', 'PolyEdge-E350/8.1', 'Linphone/5.2', 'Fanvil X6U 2.12']

/** The office behind one address, home offices, mobile networks. */
const networks = ['203.0.113.10', '203.0.113.10', '198.51.100.17', '203.0.113.42', '192.0.2.88', '198.51.100.140']

/** Phone number `index`: its name is its own, whatever the number of phones. */
export function person(index: number, ca: TestCa): PhoneOptions {
  const user = names[index] ?? `phone-${index}`
  const old = index % 4 === 3
  const partner = index % 12 === 10 // comes with a certificate of its own
  const certificate = partner ? ca.issue({ dns: [`${user}.partner.example`], usage: 'client' }) : undefined
  return {
    user,
    product: products[index % products.length]!,
    ip: networks[index] ?? networkOf(index),
    tls: {
      servername: index % 5 === 4 ? 'voip.example.net' : 'sip.example.com',
      ...(old && { maxVersion: 'TLSv1.2' as const, ciphers: index % 8 === 3 ? oldCiphers : strongCiphers }),
      ...(certificate && { cert: certificate.chainPem, key: certificate.keyPem }),
    },
  }
}

/** How a person takes calls: one is always on the phone, another never picks up. */
export function habitOf(index: number): Habit {
  if (index % 12 === 5) return { ringMs: 0, answers: 'busy' }
  if (index % 12 === 7) return { ringMs: 0, answers: 'decline' }
  return { ringMs: 900 + (index % 5) * 500, answers: index % 12 === 9 ? 'never' : 'yes' }
}

const oldCiphers = 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256'
const strongCiphers = 'ECDHE-ECDSA-AES256-GCM-SHA384'

function networkOf(index: number): string {
  const block = index % 2 === 0 ? '203.0.113' : '198.51.100'
  return `${block}.${1 + ((index * 37) % 254)}`
}
