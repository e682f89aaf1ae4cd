/**
 * Kamailio as a carrier's edge: takes calls over TLS from peers whose certificate it verified, and no others; hands
 * them to the subscribers that registered over UDP, and sends what those dial to the gateway over TLS, with a
 * certificate of its own. Answers OPTIONS.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestCa, TestCertificate } from './certificates.js'
import { type Kamailio, proxyModules, startKamailio, withinDialogRoute } from './kamailio.js'
import { freePort } from './ports.js'
import type { Scope } from './scope.js'
import { tempDir } from './tmp.js'

export interface TrunkOptions {
  readonly certificate: TestCertificate
  /** who signed the certificates it accepts */
  readonly ca: TestCa
  /** where the gateway takes calls of trunks: `sip:127.0.0.1:5061;transport=tls` */
  readonly gateway: string
}

export interface Trunk extends Kamailio {
  readonly tlsPort: number
}

/** Its log says `call of CN` for each request over TLS that begins something, with the name in the certificate. */
export async function startKamailioTrunk(scope: Scope, options: TrunkOptions): Promise<Trunk> {
  const tlsPort = await freePort()
  const kamailio = await startKamailio(
    scope,
    () => `enable_tls=yes
listen=tls:127.0.0.1:${tlsPort}
loadmodule "tls.so"
modparam("tls", "config", "${writeTlsConfig(tempDir(scope), options)}")
${proxyModules}
modparam("registrar", "min_expires", 1)
request_route {
  force_rport();
  if (proto == TLS && $tls_peer_verified != 1) {
    sl_send_reply("403", "Certificate Required");
    exit;
  }
  route(WITHIN_DIALOG);
  if (is_method("OPTIONS") && $rU == $null) {
    sl_send_reply("200", "Alive");
    exit;
  }
  if (is_method("INVITE|SUBSCRIBE|REFER")) record_route();
  if (proto == TLS) {
    xlog("L_ERR", "call of $tls_peer_subject_cn\\n");
    if (!lookup("location")) {
      sl_send_reply("404", "Not Found");
      exit;
    }
  } else if (is_method("REGISTER")) {
    if (!save("location")) sl_reply_error();
    exit;
  } else {
    $du = "${options.gateway}";
  }
  if (!t_relay()) sl_reply_error();
}
${withinDialogRoute}`,
  )
  return { ...kamailio, tlsPort }
}

function writeTlsConfig(dir: string, { certificate, ca }: TrunkOptions): string {
  const own = certificate.writeTo(dir, 'trunk')
  const identity = [
    'method = TLSv1.2+',
    'verify_certificate = yes',
    'require_certificate = yes',
    `certificate = ${own.certificate}`,
    `private_key = ${own.privateKey}`,
    `ca_list = ${ca.writeTo(dir)}`,
  ]
  const file = join(dir, 'tls.cfg')
  writeFileSync(file, ['[server:default]', ...identity, '[client:default]', ...identity, ''].join('\n'))
  return file
}
