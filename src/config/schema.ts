/**
 * The one schema of the configuration file: every setting with its type, default, unit and help. The loader,
 * the editor schema (config/hepgate.schema.json) and the reference (docs/configuration.md) are made from it.
 * It says what may be written; what the texts in it mean is in the files named after them (socket.ts, hep-id.ts, …).
 */
import { maxTimerMs } from '../base/duration.js'
import { type LogComponent, type LogLevel, logComponents, logLevels } from '../base/log.js'
import {
  choice,
  either,
  flag,
  integer,
  list,
  named,
  number,
  optionalChoice,
  optionalFlag,
  type Setting,
  secret,
  section,
  text,
} from './settings.js'
import { digestForm, tokenNameForm } from './token.js'
import { trunkForm } from './trunk.js'
import { upstreamForm } from './upstream.js'

/** A time in ms. `atLeast` 0 where "do not wait at all" makes sense. */
function ms(preset: number, description: string, atLeast: 0 | 1 = 1) {
  return integer(atLeast, maxTimerMs, { default: preset, unit: 'ms', description })
}

/** A time in s that a timer must be able to hold; 0: never. */
function seconds(preset: number, description: string) {
  return integer(0, Math.floor(maxTimerMs / 1000), { default: preset, unit: 's', description })
}

const asInOpenSips = 'Default as in OpenSIPS.'
const edgeMode = 'Edge mode.'

/** What an upstream or a trunk written as a text has. */
export const upstreamDefaults = { priority: 1, weight: 1 } as const
export const trunkDefaults = { keepalive: 30, options: 0 } as const

// ---- socket -------------------------------------------------------------------------------------------------

const socketForm = 'tls:IP[:PORT] [AS HOST[:PORT]], or tcp: or udp: instead of tls:'

const socket = list(
  either(
    text({ form: socketForm, description: 'A socket as OpenSIPS writes it.' }),
    section(
      {
        socket: text({
          form: socketForm,
          description:
            'Where to listen: `tls:IP[:PORT]`, `tcp:IP[:PORT]` or, for the core side in edge mode, `udp:IP[:PORT]`. IPv6 in brackets. `*` or `0.0.0.0` for all IPv4 addresses, `[::]` for all of IPv6 and IPv4; port 0 takes any free one. The default port is `proto_tls.tls_port` for tls and 5060 for tcp and udp.',
          examples: ['tls:0.0.0.0:5061', 'tls:[::]:5061', 'tls:192.0.2.1 AS sip.example.com'],
        }),
        advertise: text({
          form: 'HOST[:PORT]',
          description: 'The name or address others know this socket by, the same as `AS HOST[:PORT]` in the text form.',
          defaultNote: 'the address of the socket',
        }),
        side: optionalChoice(['edge', 'core'], {
          description:
            'edge: phones, trunks, the internet. core: our own servers; edge mode believes whatever comes from them.',
          defaultNote: 'edge for tls, core for tcp and udp',
        }),
        proxy_protocol: list(text({ form: 'an address or CIDR block', description: 'An address or CIDR block.' }), {
          description:
            'Load balancers in front of this socket, as addresses or CIDR blocks. Connections from them must begin with a PROXY protocol header (v1 or v2); nobody else may send one.',
          examples: [['10.0.0.0/24']],
        }),
        relay: optionalChoice(['edge', 'tunnel'], {
          description: 'How SIP of this socket is relayed; see `relay.mode`.',
          defaultNote: '`relay.mode`',
        }),
      },
      { description: 'A socket with more to say about it.' },
      ['socket'],
    ),
    { description: 'One socket: a text, or a mapping when there is more to say about it.' },
  ),
  {
    description: 'Where to listen. At least one.',
    examples: [['tls:0.0.0.0:5061 AS sip.example.com', 'tcp:10.0.0.4:5060']],
  },
)

// ---- proto_tls ----------------------------------------------------------------------------------------------

const protoTls = section(
  {
    tls_port: integer(1, 65535, {
      default: 5061,
      description: `Port for TLS wherever none is written: sockets and URIs. ${asInOpenSips}`,
    }),
    tls_crlf_pingpong: flag({
      default: 1,
      description: `Answer the keep-alive CRLFCRLF with one CRLF (RFC 5626 §4.4.1), also when it arrives in pieces. Off: it is swallowed silently and never counts as a broken message. ${asInOpenSips}`,
    }),
    tls_crlf_drop: flag({
      default: 0,
      description: `Swallow a single CRLF between messages. Off: tunnel mode passes it on, edge mode ignores it (RFC 3261 §7.5). Either way it never starts a message timer. ${asInOpenSips}`,
    }),
    tls_max_msg_chunks: integer(1, 65535, {
      default: 4,
      unit: 'reads',
      description: `Reads that one SIP message may take. Still incomplete after the last one: ERROR event, connection dropped. ${asInOpenSips}`,
    }),
    cert_check_on_conn_reusage: flag({
      default: 0,
      description: `Reuse an outgoing connection only if it was made with the same TLS identity (client certificate, SNI, verified name) as the new request needs. Off: address, port and transport decide. Accepted connections always match. Tunnel mode reuses none, so there is nothing to check there. ${asInOpenSips}`,
    }),
    trace_destination: list(text({ form: 'the name of a hep_id', description: 'The name of a `proto_hep.hep_id`.' }), {
      description:
        'Where TLS events and SIP go: names of `proto_hep.hep_id`. Several names: each gets everything. Without one, traces stay in the memory of the gateway (`live.message_bytes`), for the dashboard.',
      examples: ['hep_dest', ['hep_dest', 'archive']],
    }),
    trace_on: flag({
      default: 0,
      description: `Whether tracing is on at start. \`hepgate trace\` and the \`tls_trace\` command switch it while running. A trace that was switched on for a time goes on over a restart as it was; if its time ran out while the gateway was down, tracing stays off until it is switched. ${asInOpenSips}`,
    }),
    trace_filter_route: text({
      form: 'the name of a route or the path of a .mjs or .js module',
      description:
        'A route under `routes`, or a JavaScript module (`.mjs`, `.js`), asked once per connection while tracing is on. Ending in `drop` means that this connection is not traced, any other end means it is.',
      defaultNote: 'none: every connection is traced',
      examples: ['tls_filter', './my-filter.mjs'],
    }),
    tls_handshake_timeout: ms(
      100,
      `The whole TLS handshake, accepted or initiated. ${asInOpenSips} Too short for phones on mobile networks; the shipped file sets 5000.`,
    ),
    tls_send_timeout: ms(
      100,
      `A write that has not left for this long breaks the connection; the handshake does not count. ${asInOpenSips} The shipped file sets 2000.`,
    ),
    tls_async: flag({
      default: 1,
      description: `On: connecting and writing never hold up the message that caused them, it is queued on the connection. Off: the sender waits for connect, handshake and write: nothing more is read from it until its message has left, so that in edge mode one phone that does not read holds up the server that writes to it, for as long as \`tls_send_timeout\`. ${asInOpenSips}`,
    }),
    tls_async_max_postponed_chunks: integer(1, 65535, {
      default: 32,
      unit: 'messages',
      description: `Messages a connection may hold queued. One more breaks it: ERROR and CLOSED events, every queued message answered or counted as lost. In edge mode this is so towards phones and trunks; on the way to an upstream, where strangers choose how many there are, whoever comes too late is answered 503 alone and the connection goes on being opened. ${asInOpenSips}`,
    }),
    tls_async_local_connect_timeout: ms(
      100,
      `With \`tls_async\`: how long the sender waits for the TCP connect before it goes on in the background. A connect that fails within that time fails over: the message goes to the next candidate at once. Later its requests are answered 503, or 408 after a timeout. In tunnel mode nobody waits: what was queued goes to the next upstream whenever a connect fails. ${asInOpenSips}`,
      0,
    ),
    tls_async_handshake_timeout: ms(10, `The same for the handshake that follows. ${asInOpenSips}`, 0),
  },
  { description: 'TLS transport: the parameters of OpenSIPS `proto_tls` by the same names with the same defaults.' },
)

// ---- proto_hep ----------------------------------------------------------------------------------------------

const hepIdForm = '[NAME]HOST[:PORT][;transport=tcp|udp|tls][;version=3], in quotes'

const hepId = section(
  {
    hep_id: text({
      form: hepIdForm,
      description:
        'Name and address, `[NAME]HOST[:PORT]`, and any of the keys below as `;key=value`. The default port is 9060; only `version=3` exists.',
      examples: ['[hep_dest]10.0.0.2;transport=tcp;version=3'],
    }),
    transport: optionalChoice(['tcp', 'udp', 'tls'], {
      description: 'Transport to the collector.',
      defaultNote: 'tcp',
    }),
    form: optionalChoice(['log', 'opensips'], {
      description:
        'Events as `log` (HEP type 100: a line for a person, then JSON; what Homer shows) or as `opensips` (type 89: JSON alone).',
      defaultNote: 'log',
    }),
    types: list(integer(0, 255, { description: 'A HEP payload type.' }), {
      description:
        'HEP payload types this destination receives: 1 is SIP, 100 and 89 are events. Empty: all. In the text form `types=1,100`.',
      examples: [[1, 100]],
    }),
    secrets: optionalFlag({
      description: 'Send key material (`master-key`, `keylog`): 1 always, 0 never.',
      defaultNote: 'only over TLS or to a loopback address',
    }),
    tls_protocol_id: optionalChoice([22, 6], {
      description: 'What HEP says the IP protocol of a TLS leg is: 22 as in OpenSIPS and Kamailio, or 6 (TCP).',
      defaultNote: '22',
    }),
    auth_key: secret({ description: 'Key the collector asks for (HEP chunk 0x000e).' }),
    ca_list: text({
      form: 'a path',
      description: 'transport=tls: PEM file of the CAs that may have issued the collector’s certificate.',
      defaultNote: 'the CAs Node.js trusts',
    }),
    certificate: text({ form: 'a path', description: 'transport=tls: PEM file of our client certificate.' }),
    private_key: text({ form: 'a path', description: 'transport=tls: PEM file of its key.' }),
    verify_cert: optionalFlag({
      description: 'transport=tls: verify certificate and name of the collector.',
      defaultNote: '1',
    }),
    server_name: text({
      form: 'a host name',
      description: 'transport=tls: name to send as SNI and to verify.',
      defaultNote: 'the host',
    }),
  },
  { description: 'A HEP destination with more to say about it.' },
  ['hep_id'],
)

const protoHep = section(
  {
    hep_id: list(
      either(text({ form: hepIdForm, description: 'A destination as OpenSIPS writes it.' }), hepId, {
        description: 'One HEP destination: a text, or a mapping when there is more to say about it.',
      }),
      {
        description:
          'HEP collectors by name. The same name several times: the next is used while the one before cannot be reached.',
        examples: [['[hep_dest]10.0.0.2:9060;transport=tcp;version=3']],
      },
    ),
    hep_capture_id: integer(0, 0xffff_ffff, {
      default: 1,
      description: `Which capture agent this is (HEP chunk 0x000c). ${asInOpenSips}`,
    }),
    hep_node_name: text({
      form: 'letters, digits and . _ : -',
      description:
        'Name of this node for the collector (HEP chunk 0x0013). Only letters, digits and `. _ : -`: heplify-server puts it into its JSON and SQL unescaped.',
      defaultNote: 'the host name',
    }),
    hep_queue_bytes: integer(65_536, 2 ** 30, {
      default: 8 * 1024 * 1024,
      unit: 'bytes',
      description: 'What may wait for one destination. Full: the packets that come next are dropped and counted.',
    }),
    hep_queue_packets: integer(1, 10_000_000, {
      default: 50_000,
      unit: 'packets',
      description: 'The same limit in packets; whichever is reached first.',
    }),
    hep_connect_timeout: ms(5000, 'Connecting to one destination, TLS handshake included.'),
    hep_flush_timeout: ms(2000, 'How long a stop waits for the queues to empty.', 0),
  },
  { description: 'HEP v3 destinations, after OpenSIPS `proto_hep`.' },
)

// ---- tls_mgm ------------------------------------------------------------------------------------------------

const domain = {
  certificate: list(text({ form: 'a path', description: 'A PEM file.' }), {
    description: 'PEM file of the certificate with its chain. Several for RSA beside ECDSA.',
  }),
  private_key: list(text({ form: 'a path', description: 'A PEM file.' }), {
    description: 'PEM file of the key; as many as certificates, in the same order.',
  }),
  private_key_password: secret({ description: 'Passphrase of encrypted keys.' }),
  ca_list: text({
    form: 'a path',
    description: 'PEM file of the CAs that may have issued the peer’s certificate.',
    defaultNote: 'the CAs Node.js trusts',
  }),
  ca_dir: text({ form: 'a path', description: 'Directory of PEM files with more such CAs.' }),
  crl: text({ form: 'a path', description: 'PEM file, or directory of PEM files, with revocation lists.' }),
  verify_cert: flag({ default: 1, description: `Verify the certificate of the peer. ${asInOpenSips}` }),
  require_cert: flag({
    default: 1,
    description: `Refuse a peer that sends no certificate; only with \`verify_cert\`. ${asInOpenSips} Most phones have none: set 0 for them.`,
  }),
  tls_method: text({
    default: 'TLSv1_2-TLSv1_3',
    form: 'SSLv23, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3, a range TLSv1_2-TLSv1_3 or an open one TLSv1_2-',
    description:
      'TLS version, or range of versions: `TLSv1`, `TLSv1_1`, `TLSv1_2`, `TLSv1_3`, `TLSv1_2-TLSv1_3`, `TLSv1_2-`. `SSLv23`, the default of OpenSIPS, is accepted and means the default here: RFC 8996 took TLS 1.0 and 1.1 out of use.',
    examples: ['TLSv1_2-', 'TLSv1-TLSv1_3'],
  }),
  ciphers_list: text({
    form: 'an OpenSSL cipher list',
    description: 'OpenSSL cipher list for TLS 1.2 and older.',
    defaultNote: 'that of Node.js',
  }),
  ciphersuites: text({
    form: 'suites separated by colons',
    description: 'TLS 1.3 suites, separated by colons.',
    defaultNote: 'that of Node.js',
    examples: ['TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'],
  }),
  dh_params: text({ form: 'a path', description: 'PEM file of Diffie-Hellman parameters for TLS 1.2 and older.' }),
  ec_curve: text({
    form: 'groups separated by colons',
    description: 'Key exchange groups, separated by colons, best first.',
    defaultNote: 'that of Node.js',
    examples: ['X25519:P-256'],
  }),
}

const tlsMgm = section(
  {
    unmatched_sni: choice(['refuse', 'default'], {
      default: 'refuse',
      description:
        'A client that asks for a name no `server_domain` has: refuse it as OpenSIPS does, or serve the domain it would get without a name.',
    }),
    server_domain: list(
      section(
        {
          name: text({ form: 'a name', description: 'Name of the domain in events, logs and metrics.' }),
          match_ip_address: list(text({ form: '*, IP or IP:PORT', description: 'One of our sockets.' }), {
            default: ['*'],
            description: 'Sockets of ours this domain serves: `*`, `IP` or `IP:PORT`.',
          }),
          match_sip_domain: list(text({ form: 'a host name, *.NAME, * or none', description: 'A name.' }), {
            default: ['*'],
            description:
              'Names (SNI) this domain serves: exact, `*.example.com`, `*` for any, `none` for clients that send no name. The most specific match wins.',
          }),
          ...domain,
        },
        { description: 'How TLS is accepted.' },
        ['name', 'certificate', 'private_key'],
      ),
      {
        description:
          'How TLS is accepted, chosen by socket and SNI. None at all: the gateway makes a self-signed certificate on first start and keeps it in `state_dir`.',
      },
    ),
    client_domain: list(
      section(
        {
          name: text({ form: 'a name', description: 'Name of the domain in events, logs and metrics.' }),
          match_ip_address: list(text({ form: '*, IP, IP:PORT or a CIDR block', description: 'A destination.' }), {
            default: ['*'],
            description: 'Destinations by address: `*`, `IP`, `IP:PORT` or a CIDR block.',
          }),
          match_sip_domain: list(text({ form: 'a host name, *.NAME or *', description: 'A name.' }), {
            default: ['*'],
            description: 'Destinations by host name: exact, `*.example.com` or `*`.',
          }),
          server_name: text({
            form: 'a host name',
            description: 'Name to send as SNI and to verify.',
            defaultNote: 'the host of the destination, where it is a name',
          }),
          ...domain,
          require_cert: flag({
            default: 1,
            description:
              'Accepted as in OpenSIPS; it changes nothing, because a TLS server always sends a certificate.',
          }),
          verify_name: choice(['off', 'report', 'enforce'], {
            default: 'report',
            description:
              'Whether the certificate must name the host (RFC 5922 §7): do not look, say so in the event, or refuse.',
          }),
          verify_name_wildcard: flag({
            default: 0,
            description:
              'Let `*.example.com` in a certificate stand for one label. RFC 5922 §7.2 forbids it; some carriers have no other certificate.',
          }),
          alias: flag({
            default: 0,
            description: `Ask the peer to send its own requests over our connection too: \`;alias\` in our Via (RFC 5923 §4). It does so only where our certificate vouches for the address in that Via. ${edgeMode}`,
          }),
        },
        { description: 'How TLS is initiated.' },
        ['name'],
      ),
      { description: 'How TLS is initiated, chosen by destination. None that matches: the defaults below.' },
    ),
  },
  { description: 'TLS domains, after OpenSIPS `tls_mgm`. Paths are relative to the configuration file.' },
)

// ---- relay and trust ----------------------------------------------------------------------------------------

const upstream = list(
  either(
    text({ form: upstreamForm, description: 'One server.' }),
    section(
      {
        uri: text({
          form: upstreamForm,
          description:
            'The server. `sip:` without a transport is TCP here, not UDP as in RFC 3261 §19.1.2. Over UDP it needs a udp socket on the core side, from which it is sent to; edge mode only.',
          examples: ['sip:10.0.0.5:5060;transport=tcp', 'sips:pbx.example.com', 'udp:10.0.0.5:5060'],
        }),
        priority: integer(0, 65_535, {
          default: upstreamDefaults.priority,
          description: `Lower is preferred: others are asked only when none of these is active. ${edgeMode}`,
        }),
        weight: integer(0, 65_535, {
          default: upstreamDefaults.weight,
          description: `Share of the calls among those of one priority, chosen by the Call-ID. 0: none while another of them is active. ${edgeMode}`,
        }),
      },
      { description: 'A server with more to say about it.' },
      ['uri'],
    ),
    { description: 'One server: a text, or a mapping when there is more to say about it.' },
  ),
  {
    description:
      'SIP servers behind the gateway. Edge mode chooses by priority and weight, tunnel mode tries them in the order of this list. None: a built-in responder answers OPTIONS and REGISTER with 200 and everything else with 404.',
    examples: [['sip:10.0.0.5:5060;transport=tcp', 'sips:backup.example.com']],
  },
)

const trunk = list(
  either(
    text({ form: trunkForm, description: 'One trunk.' }),
    section(
      {
        uri: text({
          form: trunkForm,
          description:
            'The peer. Without a port it is found by RFC 3263: NAPTR and SRV records, then addresses, then the default port.',
          examples: ['sips:sip.carrier.example', 'sip:192.0.2.7:5060;transport=tcp'],
        }),
        keepalive: seconds(
          trunkDefaults.keepalive,
          'Time between two CRLFCRLF on its connection (RFC 5626 §4.4.1); each must be answered within `pong_timeout`. 0: none, for peers that do not answer them.',
        ),
        options: seconds(
          trunkDefaults.options,
          'Time between two OPTIONS, which say whether the trunk is active. 0: none.',
        ),
      },
      { description: 'A trunk with more to say about it.' },
      ['uri'],
    ),
    { description: 'One trunk: a text, or a mapping when there is more to say about it.' },
  ),
  {
    description: `Peers on the edge side that the gateway connects to by itself and stays connected to: carriers, Microsoft Teams. A lost connection is opened again. The core reaches them by Route or Request-URI, as it does any other peer. ${edgeMode}`,
    examples: [['sips:sip.carrier.example']],
  },
)

const relay = section(
  {
    mode: choice(['edge', 'tunnel'], {
      default: 'edge',
      description:
        'edge: a stateless SIP proxy (RFC 3261 §16) and the first hop of phones (RFC 5626): many clients, few connections to the core, requests from the core back to the right client. tunnel: each client connection gets a connection of its own to an upstream, and messages pass unmodified.',
    }),
    upstream,
    trunk,
    proxy_protocol: choice(['off', 'v1', 'v2'], {
      default: 'off',
      description:
        'Begin upstream connections with a PROXY protocol header that names the real client. Tunnel mode only: in edge mode many clients share one connection, and Via says who they are.',
    }),
    connect_timeout: ms(
      5000,
      'TCP connect to one upstream, or in edge mode to any peer, before the next candidate is tried.',
    ),
    options_interval: seconds(30, `Time between two OPTIONS to each upstream. 0: none. ${edgeMode}`),
    options_timeout: ms(
      4000,
      `An OPTIONS to an upstream or a trunk that is not answered for so long has failed. ${edgeMode}`,
    ),
    options_threshold: integer(1, 1000, {
      default: 3,
      unit: 'failures',
      description: `So many failed OPTIONS in a row make an upstream or a trunk inactive; the first answer makes it active again. ${edgeMode}`,
    }),
    pong_timeout: ms(
      10_000,
      `A CRLFCRLF to a trunk that is not answered for so long means that the flow is dead (RFC 5626 §4.4.1 says 10 s): the connection is closed and opened again. ${edgeMode}`,
    ),
    flow_secret: secret({
      description: `Key of the flow tokens in our Path and Record-Route (RFC 5626 §5.2), at least 16 characters. Several gateways with one address need the same, so that a token of another is answered 430 (flow failed) and not 403 (forged). ${edgeMode}`,
      defaultNote: 'made at the first start and kept in `state_dir`',
    }),
    flow_timer: integer(0, 86_400, {
      default: 0,
      unit: 's',
      description: `Flow-Timer that answers to REGISTER carry, so that phones send keep-alives in time (RFC 5626 §5.4). Keep it well below \`limits.tcp_connection_lifetime\`. 0: no such header. ${edgeMode}`,
    }),
    flow_token: choice(['auto', 'always', 'ob'], {
      default: 'auto',
      description: `When Record-Route names the connection of the client, so that requests of the core in this dialog take it and no other. ob: when the Contact has \`;ob\` (RFC 5626 §5.3). auto: also when the client cannot be connected to. always: for every client. ${edgeMode}`,
    }),
    dns_server: list(text({ form: 'IP[:PORT]', description: 'A name server.' }), {
      description: `Name servers to ask about trunks and other destinations, instead of those of the system; the default port is 53. ${edgeMode}`,
      examples: [['10.0.0.53', '[2001:db8::53]:5353']],
    }),
  },
  { description: 'What happens to the SIP that arrives.' },
)

const trust = section(
  {
    domains: list(text({ form: 'a domain', description: 'A domain.' }), {
      description:
        'Calls over TLS are trusted when the verified certificate of the peer names one of these domains (RFC 5922 §7.1), besides those of our own side. Needs `verify_cert: 1` in the TLS domain. A filter route sees the verdict as `$tls_trusted`.',
      examples: [['carrier.example', 'partner.example']],
    }),
    header: text({
      default: 'X-Hepgate-Trusted',
      form: 'the name of a header',
      description:
        'Header that tells the core, `yes` or `no`, on every request. What arrives from the edge under this name is removed, so it cannot be forged. The core may set it on its own requests: then its verdict counts, and the header stays behind.',
    }),
    alert_info: section(
      {
        phone: optionalChoice(['cisco_ata', 'cisco_7960', 'snom', 'other'], {
          description:
            'What the phones understand. cisco_ata: Bellcore-dr1 to Bellcore-dr4. cisco_7960: the name of a ring. snom: the URL of a sound. other: whatever `ring` says, as it is.',
        }),
        ring: text({
          form: 'the ring of trusted calls',
          description: 'The ring, in the form this kind of phone takes.',
          examples: ['Bellcore-dr4', 'http://192.0.2.1/trusted.wav'],
        }),
      },
      {
        description:
          'Alert-Info (RFC 3261 §20.4) that trusted INVITEs towards phones get, so that they ring differently. Both settings or none; without them none is set. Alert-Info from peers that are not trusted is always removed.',
      },
    ),
  },
  { description: `Trusted calls, after the scenario of the OpenSIPS \`proto_tls\` manual. ${edgeMode}` },
)

// ---- api ----------------------------------------------------------------------------------------------------

const api = section(
  {
    listen: text({
      default: '127.0.0.1:8080',
      form: 'IP:PORT or off',
      description:
        'Where the dashboard and the HTTP API listen: `IP:PORT`, or `off` for neither. Anything but a loopback address needs `token` or one of `tokens`.',
    }),
    token: secret({
      description:
        'Bearer token that requests must carry, with the scopes `read` and `control`. For more than one person use `tokens`. Without any token, programs of this machine have both scopes and nobody else has any.',
    }),
    tokens: list(
      section(
        {
          name: text({
            form: tokenNameForm,
            description: 'Whose token it is, for the log and the audit list: letters, digits and `. _ @ -`.',
            examples: ['on-call'],
          }),
          scopes: list(
            optionalChoice(['metrics', 'read', 'control', 'secrets'], {
              description: 'What the token is good for.',
            }),
            {
              default: ['read'],
              description:
                '`metrics`: `GET /metrics` alone, for Prometheus. `read`: see everything but keys, metrics too. `control`: change something. `secrets`: get key material.',
              examples: [['read', 'control']],
            },
          ),
          sha256: text({
            form: digestForm,
            description:
              'SHA-256 of the token, so that the token itself is not in the configuration. `hepgate token` makes both.',
          }),
          token: secret({
            description:
              'The token itself, for containers that get it in an environment variable or a mounted file. In place of `sha256`.',
            examples: ['env:HEPGATE_METRICS_TOKEN', 'file:/run/secrets/hepgate_metrics_token'],
          }),
        },
        { description: 'A bearer token.' },
        ['name'],
      ),
      {
        description:
          'Bearer tokens with names and scopes, any number of them. A reload takes changes into use at once.',
      },
    ),
    certificate: text({
      form: 'a path',
      description: 'PEM file of the certificate of the API with its chain: HTTPS instead of HTTP, with `private_key`.',
    }),
    private_key: text({ form: 'a path', description: 'PEM file of its key, without a passphrase.' }),
    rate_limit: integer(0, 1_000_000, {
      default: 1200,
      unit: 'requests a minute',
      description: 'Requests of one address (IPv6: one /64); more are answered 429. 0: no limit.',
    }),
  },
  { description: 'The dashboard and the HTTP API.' },
)

// ---- everything else ----------------------------------------------------------------------------------------

const logLevelsOf = section(
  Object.fromEntries(
    logComponents.map((component) => [
      component,
      optionalChoice(logLevels, { description: `The same for ${component}.`, defaultNote: '`log.level`' }),
    ]),
  ) as Record<LogComponent, Setting<LogLevel | undefined>>,
  { description: 'Levels of single components; the API changes them while the gateway runs (`PUT /api/v1/log`).' },
)

/** The whole file. */
export const fileSchema = section(
  {
    socket,
    state_dir: text({
      form: 'a path',
      description:
        'Directory for what must survive a restart: the self-signed certificate, the key of the flow tokens and the state of the trace switch.',
      defaultNote: '`$STATE_DIRECTORY`, else `$XDG_STATE_HOME/hepgate`, else `~/.local/state/hepgate`',
    }),
    workers: integer(1, 1, {
      default: 1,
      description: 'Processes that carry traffic. This version has one.',
      hint: 'several workers come in a later version',
    }),
    log: section(
      {
        level: choice(['debug', 'info', 'warn', 'error'], {
          default: 'info',
          description: 'The least that is logged.',
        }),
        format: optionalChoice(['pretty', 'json'], {
          description: 'For people, or one JSON object per line.',
          defaultNote: 'pretty on a terminal, else json',
        }),
        levels: logLevelsOf,
      },
      { description: 'What the process logs, to its standard error.' },
    ),
    proto_tls: protoTls,
    proto_hep: protoHep,
    tls_mgm: tlsMgm,
    routes: named(
      text({ form: 'the text of a route', description: 'The text of a route.' }),
      '^[A-Za-z_][A-Za-z0-9_]*$',
      'letters, digits and _, not beginning with a digit',
      {
        description:
          'Filter routes by name, in the subset of the OpenSIPS route script that filters use; see `trace_filter_route`.',
        examples: [{ tls_filter: 'if ($si == "203.0.113.9") drop;\n' }],
      },
    ),
    relay,
    trust,
    trace: section(
      {
        keylog_file: text({
          form: 'a path',
          description:
            'Append key-log lines of traced connections to this file (NSS format, mode 0600), for Wireshark. Whoever can read it can decrypt the traffic.',
        }),
        core_leg: flag({
          default: 0,
          description:
            'In tunnel mode, trace the copy of each message on the upstream leg too. Every message then shows twice. Edge mode, where the copies differ, always traces both.',
        }),
        probes: flag({
          default: 1,
          description: `Trace our own OPTIONS to upstreams and trunks, and the answers to them. ${edgeMode}`,
        }),
        core_events: flag({
          default: 1,
          description: 'Report connect, close and error of clear upstream connections too.',
        }),
      },
      { description: 'What is traced, beyond `proto_tls.trace_*`.' },
    ),
    limits: section(
      {
        max_connections: integer(1, 1_000_000, {
          default: 10_000,
          unit: 'connections',
          description: 'Accepted connections open at the same time.',
        }),
        max_connections_per_address: integer(0, 1_000_000, {
          default: 1024,
          unit: 'connections',
          description:
            'The same for one client address (IPv6: one /64). 0: no limit. Many phones behind one NAT share an address.',
        }),
        max_handshakes: integer(1, 1_000_000, {
          default: 512,
          unit: 'connections',
          description:
            'Handshakes in flight at the same time. More are refused at once instead of slowing all of them down.',
        }),
        max_message_bytes: integer(512, 1_048_576, {
          default: 65_535,
          unit: 'bytes',
          description: 'Size of one SIP message, headers and body.',
        }),
        message_timeout: ms(
          4000,
          'A SIP message must be complete this long after its first byte. As `tcp_max_msg_time` of OpenSIPS.',
        ),
        tcp_connection_lifetime: seconds(3600, 'A connection without traffic for so long is closed. 0: never.'),
        tcp_keepalive: flag({ default: 1, description: 'TCP keepalive probes, to notice peers that are gone.' }),
        tcp_keepidle: integer(1, 32_767, {
          default: 60,
          unit: 's',
          description: 'Silence before the first probe.',
        }),
        drain_timeout: ms(10_000, 'How long a stop waits for connections to end by themselves.', 0),
      },
      { description: 'What peers may take of this machine.' },
    ),
    collector: section(
      {
        listen: list(text({ form: 'udp:IP[:PORT] or tcp:IP[:PORT]', description: 'A socket.' }), {
          description:
            'Sockets of the embedded HEP collector: `udp:IP[:PORT]`, `tcp:IP[:PORT]`, default port 9060. None: no collector.',
          examples: [['udp:127.0.0.1:9060', 'tcp:127.0.0.1:9060']],
        }),
        max_packets: integer(1, 1_000_000, {
          default: 10_000,
          unit: 'packets',
          description: 'HEP packets kept in memory; the oldest goes first.',
        }),
      },
      { description: 'The embedded HEP collector: to see a trace without installing anything else.' },
    ),
    telemetry: section(
      {
        metrics: flag({
          default: 1,
          description:
            'Count what happens, for `GET /metrics` (Prometheus) and for OTLP metrics where `OTEL_*` variables ask for them. Off: nothing is counted, and there is no `/metrics`.',
        }),
        sip_spans: number(0, 1, {
          default: 0.01,
          description:
            'Share of the calls whose requests get a span each, where `OTEL_*` variables ask for traces. Chosen by Call-ID, so that a call has all its spans or none. 0: none, 1: all.',
        }),
      },
      { description: 'Metrics and spans. Where OTLP goes is said by the standard `OTEL_*` environment variables.' },
    ),
    live: section(
      {
        message_bytes: integer(0, 2 ** 30, {
          default: 32 * 1024 * 1024,
          unit: 'bytes',
          description:
            'Traced messages kept in memory, for the calls and messages of dashboard and API and for captures; the oldest goes first. 0: none, and then only a HEP destination makes tracing possible.',
        }),
        closed_connections: integer(0, 100_000, {
          default: 1000,
          unit: 'connections',
          description: 'Closed connections that stay visible; the oldest goes first.',
        }),
        viewers: integer(0, 1000, {
          default: 32,
          unit: 'streams',
          description: 'Event streams at the same time: one for each open dashboard.',
        }),
      },
      { description: 'What the dashboard and the API can look back on, in memory.' },
    ),
    api,
  },
  { description: 'Configuration of hepgate.' },
  ['socket'],
)

/** The file after its shape was checked: kinds as they should be, defaults filled in, texts not yet looked into. */
export type FileSettings = (typeof fileSchema)['~unsafe']
