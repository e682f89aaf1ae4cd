/**
 * Kamailio as the core behind the gateway: registrar and proxy with RFC 3327 Path. Phones are reached by the Path
 * they registered with and by nothing else; numbers that begin with + go to a trunk, through the gateway.
 */
import { type Kamailio, proxyModules, startKamailio, withinDialogRoute } from './kamailio.js'
import type { Scope } from './scope.js'

export interface RegistrarOptions {
  /** asked of every phone that registers; undefined: nobody is asked */
  readonly password?: string
  /** where calls to numbers go */
  readonly trunk?: {
    /** the gateway as we reach it: `sip:127.0.0.1:5060;transport=tcp` */
    readonly through: string
    /** `127.0.0.1:5061;transport=tls` */
    readonly to: string
  }
}

export function startKamailioRegistrar(scope: Scope, options: RegistrarOptions = {}): Promise<Kamailio> {
  const { password, trunk } = options
  return startKamailio(
    scope,
    () => `${proxyModules}
loadmodule "auth.so"
modparam("registrar", "use_path", 1)
modparam("registrar", "path_mode", 1)
modparam("registrar", "min_expires", 1)
modparam("registrar", "outbound_mode", 1)
request_route {
  force_rport();
  route(WITHIN_DIALOG);
  if (is_method("REGISTER")) {
    ${password === undefined ? '' : authenticate(password)}
    if (!save("location")) sl_reply_error();
    exit;
  }
  if (is_method("OPTIONS") && $rU == $null) {
    sl_send_reply("200", "Alive");
    exit;
  }
  if (is_method("INVITE|SUBSCRIBE|REFER")) record_route();
  ${trunk === undefined ? '' : toTrunk(trunk)}
  if (!lookup("location")) {
    sl_send_reply("404", "Not Found");
    exit;
  }
  if (!t_relay()) sl_reply_error();
}
${withinDialogRoute}`,
  )
}

function authenticate(password: string): string {
  return `if (!pv_www_authenticate("$td", "${password}", "0")) {
      www_challenge("$td", "0");
      exit;
    }
    consume_credentials();`
}

function toTrunk({ through, to }: NonNullable<RegistrarOptions['trunk']>): string {
  return `if ($rU =~ "^\\+") {
    $ru = "sip:" + $rU + "@${to}";
    $du = "${through}";
    if (!t_relay()) sl_reply_error();
    exit;
  }`
}
