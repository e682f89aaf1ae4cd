/**
 * The configuration of hepgate as it grows out of an OpenSIPS one: keys as they will be written. Values that the schema
 * would take are put in; for others it says why not.
 */
import { fileSchema } from '../../config/schema.js'
import type { Setting } from '../../config/settings.js'

export type Section = Record<string, string | number | readonly string[]>
export type Scalars = 'proto_tls' | 'proto_hep' | 'relay' | 'limits' | 'log'

export interface Draft extends Readonly<Record<Scalars, Section>> {
  readonly socket: (string | { readonly socket: string; readonly side: 'edge' })[]
  readonly hep_id: string[]
  readonly server_domain: Section[]
  readonly client_domain: Section[]
  readonly routes: Record<string, string>
  /** not settings yet: addresses OpenSIPS sent to, and where it says so */
  readonly upstream: { readonly uri: string; readonly at: number }[]
}

export function emptyDraft(): Draft {
  return {
    socket: [],
    proto_tls: {},
    hep_id: [],
    proto_hep: {},
    server_domain: [],
    client_domain: [],
    routes: {},
    relay: {},
    upstream: [],
    limits: {},
    log: {},
  }
}

/** A value by its text, where the key exists and the value is allowed; else why not. */
export function put(draft: Draft, section: Scalars, key: string, text: string): string | undefined {
  const setting = settingOf([section, key])
  if (setting === undefined) return 'there is nothing like it here'
  const value = readValue(setting, text)
  if (value === undefined) return `${section}.${key} does not take ${text}`
  draft[section][key] = value
  return undefined
}

/** Whether it would be the same if it were not written. */
export function isDefault(path: readonly string[], value: Section[string]): boolean {
  // one value may stand for a list of one
  return String(settingOf(path)?.default) === String(value)
}

function settingOf(path: readonly string[]): Setting | undefined {
  let setting: Setting | undefined = fileSchema
  for (const key of path) {
    if (setting?.kind === 'list') setting = setting.item
    setting =
      setting?.kind === 'section' && Object.hasOwn(setting.properties, key) ? setting.properties[key] : undefined
  }
  return setting
}

const yes = /^(?:yes|true|on|enable)$/
const no = /^(?:no|false|off|disable)$/

function readValue(setting: Setting, text: string): string | number | undefined {
  switch (setting.kind) {
    case 'flag':
      if (yes.test(text) || no.test(text)) return yes.test(text) ? 1 : 0
      return /^-?\d+$/.test(text) ? Number(Number(text) !== 0) : undefined
    case 'integer': {
      const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      return number >= setting.minimum && number <= setting.maximum ? number : undefined
    }
    default:
      return text === '' ? undefined : text
  }
}
