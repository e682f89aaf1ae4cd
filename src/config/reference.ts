/** The reference page of the configuration, docs/configuration.md, from the schema. Only the prose around the tables is written here. */
import { fileSchema } from './schema.js'
import type { Setting } from './settings.js'

type SectionSetting = Extract<Setting, { kind: 'section' }>

/** The text of docs/configuration.md. */
export function configurationReference(): string {
  const chapters = [intro, chapter('Top level', fileSchema, ''), ...below(fileSchema, ''), spellings]
  return `${chapters.join('\n\n')}\n`
}

const intro = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run docs\`: edit there. -->

One YAML file, given with \`--config FILE\`. \`config/hepgate.yaml\` is one to start from. Without \`--config\` the gateway
runs with what that file says, and keeps its state in the default \`state_dir\`. [Presets](presets.md) are files for
Microsoft Teams, Asterisk and FreeSWITCH.

- Everything wrong with a file is reported at once, each with line, column and path. Unknown keys are errors.
  \`hepgate check --config FILE\` does that without starting anything, and looks into certificates and routes too.
- Names and defaults of \`proto_tls\`, \`proto_hep\` and \`tls_mgm\` are those of OpenSIPS wherever it has the parameter.
- A list with one entry may be written as the entry alone: \`trace_destination: hep_dest\`.
- A section or list with nothing in it, because every line is commented out, counts as not written.
- SIGHUP and \`POST /api/v1/reload\` read the file again. If anything is wrong with the new one, the old one keeps running.
- Editors that know YAML schemas use \`config/hepgate.schema.json\` by the first line of the shipped file.`

const spellings = `## Spellings

**Switches** are \`0\`, \`1\`, \`false\` or \`true\`. \`yes\`, \`no\`, \`on\` and \`off\` are plain text in YAML 1.2 and refused.

**Times** are whole numbers in the unit the tables give, mostly milliseconds.

**Paths** are relative to the directory of the configuration file.

**Secrets** (\`api.token\`, \`auth_key\`, \`private_key_password\`, \`flow_secret\`) may stand elsewhere: \`env:NAME\` is the environment variable
NAME, \`file:PATH\` the content of a file without its last line end. Messages never show their value.

**Sockets** as in OpenSIPS, \`tls:IP[:PORT] [AS HOST[:PORT]]\`. \`AS\` sets the address others know the socket by:

\`\`\`yaml
socket:
  - tls:0.0.0.0:5061 AS sip.example.com
  - tls:[2001:db8::10]              # IPv6 in brackets; the port is proto_tls.tls_port
  - tls:*:5062                      # the same as 0.0.0.0; [::] is all of IPv6 and IPv4
  - tcp:10.0.0.4:5060
  - udp:10.0.0.4:5060               # udp is for the core side, in edge mode
  - { socket: "tls:10.0.0.4:5063", advertise: sip.example.com, proxy_protocol: [10.0.0.0/24] }
\`\`\`

**HEP destinations** as in OpenSIPS, in quotes because \`[\` begins a list in YAML. Keys of the mapping may also stand in
the text, separated by \`;\`:

\`\`\`yaml
hep_id:
  - "[hep_dest]10.0.0.2;transport=tcp;version=3"
  - "[hep_dest]10.0.0.3;transport=tcp"                    # the same name: takes over while 10.0.0.2 is away
  - "[homer]homer.example.com;transport=tls;ca_list=homer-ca.pem;types=1,100"
  - { hep_id: "[archive][2001:db8::9]:9061", transport: udp, form: opensips, auth_key: env:HEP_KEY }
\`\`\`

**Upstreams** as SIP URIs without a user, or as transport and address: \`sip:10.0.0.5\` (TCP, port 5060),
\`sip:10.0.0.5:5070;transport=tls\`, \`sips:pbx.example.com\` (TLS, port \`tls_port\`), \`tcp:10.0.0.5:5060\`, \`tls:10.0.0.5\`,
\`udp:10.0.0.5:5060\`. \`sip:\` alone is TCP here, not UDP as RFC 3261 §19.1.2 has it. A mapping says more:

\`\`\`yaml
relay:
  upstream:
    - sip:10.0.0.5
    - { uri: "sip:10.0.0.6", weight: 3 }        # three calls in four
    - { uri: "sip:192.0.2.6", priority: 2 }     # only while both others are away
\`\`\`

**Trunks** in the same way, but over TLS or TCP only, and the transport must be said: \`sips:sip.carrier.example\`,
\`tls:192.0.2.7\`, \`sip:192.0.2.7;transport=tcp\`. Without a port the peer is found by RFC 3263. [Presets](presets.md) has
examples.

**TLS methods** as in OpenSIPS: one version (\`TLSv1_2\`), a range (\`TLSv1_2-TLSv1_3\`), or a version and everything newer
(\`TLSv1_2-\`); \`TLSv1.2\` is understood as well. \`SSLv23\` means the default, TLS 1.2 and 1.3: TLS 1.0 and 1.1 must be asked
for by name (RFC 8996), as in \`TLSv1-TLSv1_3\`.`

/** A chapter for each section inside `section`, in the order of the schema. */
function below(section: SectionSetting, path: string): string[] {
  return Object.entries(section.properties).flatMap(([key, setting]) => {
    const inner = mapping(setting)
    if (inner === undefined) return []
    const name = path === '' ? key : `${path}.${key}`
    return [chapter(`\`${name}\``, inner, setting.description), ...below(inner, name)]
  })
}

/** The mapping a setting is, or is a list of. */
function mapping(setting: Setting): SectionSetting | undefined {
  if (setting.kind === 'section') return setting
  if (setting.kind === 'either') return setting.section
  return setting.kind === 'list' ? mapping(setting.item) : undefined
}

function chapter(title: string, section: SectionSetting, description: string): string {
  const rows = Object.entries(section.properties).map(([key, setting]) => {
    const cells = [
      `\`${key}\``,
      typeText(setting),
      defaultText(setting, section.required.includes(key)),
      setting.unit ?? '',
      helpText(setting),
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  })
  const table = ['| setting | type | default | unit | what it does |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  )
  return [`## ${title}`, description, table].filter((part) => part !== '').join('\n\n')
}

function typeText(setting: Setting): string {
  switch (setting.kind) {
    case 'flag':
      return '0 or 1'
    case 'number':
      return `${setting.minimum} to ${setting.maximum}`
    case 'integer':
      return setting.minimum === setting.maximum ? `${setting.minimum}` : `${setting.minimum} to ${setting.maximum}`
    case 'text':
      return setting.secret ? 'secret' : 'text'
    case 'choice':
      return setting.enum.map((value) => `\`${value}\``).join(', ')
    case 'list':
      return mapping(setting.item) === undefined ? `list of ${typeText(setting.item)}` : 'list, see below'
    default:
      return setting.kind === 'named' ? 'texts by name' : 'section, see below'
  }
}

function defaultText(setting: Setting, required: boolean): string {
  if (required) return 'required'
  if (setting.defaultNote !== undefined) return setting.defaultNote
  if (setting.kind === 'section') return ''
  const preset = Array.isArray(setting.default) ? setting.default.join(', ') : setting.default
  return preset === undefined || preset === '' ? 'none' : `\`${preset}\``
}

function helpText(setting: Setting): string {
  const example = setting.examples?.find((e) => typeof e === 'string')
  const hint = setting.hint === undefined ? '' : ` (${setting.hint})`
  return `${setting.description}${hint}${example === undefined ? '' : ` Example: \`${example}\``}`
}
