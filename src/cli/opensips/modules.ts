/** What becomes of modules as a whole: which are read, whose work has another place here, and which are just named. */
import type { Notes } from './notes.js'

/** `modules`: all that are loaded or have parameters. */
export function noteModules(modules: ReadonlySet<string>, notes: Notes): void {
  for (const [module, where] of Object.entries(elsewhere)) {
    if (modules.has(module)) notes.addGeneral(`Module ${module}: ${where}.`)
  }
  const others = [...modules].filter((module) => !carried.has(module) && !Object.hasOwn(elsewhere, module))
  const left = others.length === 0 ? '' : ` Left out with them: ${others.join(', ')}.`
  notes.addGeneral(
    'Routes and modules that route are not carried over: hepgate relays to relay.upstream, and what to do with a request ' +
      `is decided there, by the servers behind it, such as this OpenSIPS.${left}`,
  )
}

const carried: ReadonlySet<string> = new Set([
  ...['proto_tls', 'proto_hep', 'proto_udp', 'tls_mgm', 'tls_openssl', 'tls_wolfssl'],
])

const destinationsBelong = 'the destinations it takes from its list or database belong under relay.upstream'
const registrations = 'registrations stay with the servers behind the gateway, which adds Path to them'
const pings = 'phones keep their connections alive by themselves (RFC 5626); see relay.flow_timer'

const elsewhere: Readonly<Record<string, string>> = {
  proto_tcp: 'proto_tls.tls_crlf_pingpong and its neighbours are for tcp sockets too',
  proto_wss: 'hepgate has no WebSocket',
  proto_ws: 'hepgate has no WebSocket',
  dispatcher: destinationsBelong,
  load_balancer: destinationsBelong,
  drouting: destinationsBelong,
  usrloc: registrations,
  registrar: registrations,
  mid_registrar: registrations,
  nathelper: pings,
  tracer: 'SIP is traced along with TLS events, wherever the filter says so',
  siptrace: 'SIP is traced along with TLS events, wherever the filter says so',
  sipcapture: 'to receive HEP, see collector.listen',
  httpd: 'the HTTP API listens on api.listen; opensips-cli finds it there under /mi',
}
