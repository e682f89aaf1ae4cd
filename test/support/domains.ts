/** TLS domains for `tls_mgm`, with certificates written where the gateway finds them. */
import { TestCa, type TestCertificate } from './certificates.js'

/** The one CA of a test process. */
export const sceneCa = TestCa.create()

type Settings = Readonly<Record<string, unknown>>

/** A `server_domain` named after the host of its certificate; asks for no client certificate unless told to. */
export function serverDomain(
  dir: string,
  name: string,
  settings: Settings = {},
  certificate: TestCertificate = sceneCa.issue({ dns: [name] }),
): Settings {
  return { name, ...files(dir, name, certificate), verify_cert: 0, require_cert: 0, ...settings }
}

/** A `client_domain` for one destination, `127.0.0.1:PORT`; verifies with the CA of the test. */
export function clientDomain(
  dir: string,
  port: number,
  settings: Settings = {},
  certificate?: TestCertificate,
): Settings {
  const name = `to-${port}`
  return {
    name,
    match_ip_address: [`127.0.0.1:${port}`],
    ca_list: sceneCa.writeTo(dir),
    ...(certificate === undefined ? {} : files(dir, name, certificate)),
    ...settings,
  }
}

function files(dir: string, name: string, certificate: TestCertificate): Settings {
  const written = certificate.writeTo(dir, name)
  return { certificate: written.certificate, private_key: written.privateKey }
}
