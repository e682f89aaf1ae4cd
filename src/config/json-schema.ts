/** The schema as JSON Schema 2020-12, for editors: completion, help and checks while the file is written. */
import { fileSchema } from './schema.js'
import { ownKeywords, type Setting } from './settings.js'

/** The text of config/hepgate.schema.json. */
export function editorSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'hepgate configuration',
    ...standard(fileSchema),
  }
  return `${JSON.stringify(schema, undefined, 2)}\n`
}

/** A setting with the keywords of JSON Schema only; what those cannot say becomes part of the description. */
function standard(setting: Setting): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(setting)) {
    if (!ownKeywords.includes(keyword)) result[keyword] = standardValue(keyword, value)
  }
  if (typeof setting.description === 'string') result.description = describe(setting)
  return result
}

function standardValue(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'properties':
    case 'patternProperties':
      return Object.fromEntries(Object.entries(value as Record<string, Setting>).map(([k, s]) => [k, standard(s)]))
    case 'anyOf':
      return (value as Setting[]).map(standard)
    case 'items':
      return standard(value as Setting)
    default:
      return value
  }
}

function describe(setting: Setting): string {
  const unit = setting.unit === undefined ? '' : ` Unit: ${setting.unit}.`
  const preset = setting.defaultNote === undefined ? '' : ` Default: ${setting.defaultNote}.`
  return `${setting.description}${unit}${preset}`
}
