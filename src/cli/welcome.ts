/** What `hepgate run` prints once it runs: what listens where, and commands to try next that fit this configuration. */
import { isIP } from 'node:net'
import { basename, relative } from 'node:path'
import { endpointText } from '../base/address.js'
import type { Config, SocketConfig } from '../config/types.js'
import { rows } from './rows.js'

/** `summary`: a name and lines, as the gateway tells them. */
export function welcome(
  version: string,
  config: Config,
  summary: Readonly<Record<string, readonly string[]>>,
  self = ownCommand(),
): string {
  return [
    `hepgate ${version} is ready\n`,
    indented(rows(Object.entries(summary))),
    'try next, in another terminal\n',
    indented(`${suggestions(config, self).join('\n')}\n`),
    'Ctrl-C stops it\n',
  ].join('\n')
}

/** Where a command looks for the API when nobody says. */
export const defaultUrl = 'http://127.0.0.1:8080'

function suggestions(config: Config, self: string): string[] {
  const lines: string[] = []
  const tls = config.socket.find((socket) => socket.transport === 'tls')
  if (tls !== undefined) lines.push(...sipOptions, `    | ${tlsClient(tls, config)}`)
  const { listen, token, tokens, certificate } = config.api
  if (listen === undefined) return lines
  const url = `${certificate === undefined ? 'http' : 'https'}://${reachable(listen)}`
  const isOpen = token === undefined && tokens.length === 0
  const get = `curl -s ${isOpen ? '' : '-H "Authorization: Bearer $HEPGATE_TOKEN" '}${url}/api/v1`
  if (config.collector.listen.length > 0) lines.push(`${get}/collector/packets`)
  lines.push(`${get}/status`)
  const { trace_on, trace_destination } = config.proto_tls
  const canTrace = trace_destination.length > 0 || config.live.message_bytes > 0
  const command = trace_on || !canTrace ? 'trace status' : 'trace on --for 10m'
  lines.push(`${self} ${command}${url === defaultUrl ? '' : ` --url ${url}`}`)
  return lines
}

/** A whole request (RFC 3261 §8.1.1) for a shell. openssl ends with its input, so the answer needs the pause. */
const sipOptions = [
  "{ printf '%s\\r\\n' 'OPTIONS sip:hello@localhost SIP/2.0' 'Via: SIP/2.0/TLS localhost;branch=z9hG4bK-hello' \\",
  "    'Max-Forwards: 70' 'From: <sip:me@localhost>;tag=1' 'To: <sip:hello@localhost>' 'Call-ID: hello-1' \\",
  "    'CSeq: 1 OPTIONS' 'Content-Length: 0' ''; sleep 1; } \\",
]

function tlsClient(socket: SocketConfig, { tls_mgm }: Config): string {
  const options = [`-connect ${reachable(socket)}`]
  // without a name (SNI) there is less to see; the self-signed certificate serves any
  const name = socket.advertise?.host ?? (tls_mgm.server_domain.length === 0 ? 'localhost' : '')
  if (name !== '' && isIP(name) === 0) options.push(`-servername ${name}`)
  const wantsCertificate = tls_mgm.server_domain.some(({ verify_cert, require_cert }) => verify_cert && require_cert)
  if (wantsCertificate) options.push('-cert client.pem -key client-key.pem')
  return `openssl s_client -quiet ${options.join(' ')} -no_ign_eof`
}

/** An address one can connect to: "all addresses" is none. */
function reachable({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return endpointText({ ip: ip === '0.0.0.0' ? '127.0.0.1' : ip === '::' ? '::1' : ip, port })
}

/** How this program was called, so that the line can be pasted. */
function ownCommand(): string {
  const script = process.argv[1] ?? 'hepgate'
  return basename(script) === 'main.js' ? `node ${relative(process.cwd(), script)}` : basename(script)
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
