/** `hepgate log`: shows and changes the log levels of a running gateway, through its HTTP API. */
import type Type from 'typebox'
import { LogStatus } from '../api/schemas.js'
import { durationForm, parseDuration } from '../base/duration.js'
import { UsageError } from '../base/errors.js'
import { logComponents, logLevels } from '../base/log.js'
import { ApiClient } from './api-client.js'
import { exitCodes, type Terminal } from './command.js'
import { parseOptions } from './options.js'
import { rows } from './rows.js'
import { defaultUrl } from './welcome.js'

const configured = 'configured'

export const help = `usage: hepgate log status|[COMPONENT=]LEVEL [options]

  status      the level of every component
  LEVEL       ${logLevels.join(', ')}, or ${configured}: what the configuration says
  COMPONENT   ${logComponents.slice(0, 5).join(', ')},
              ${logComponents.slice(5).join(', ')}; without it all of them

  --for TIME      as configured again after this time (10m, 90s, 1h30m)
  --url URL       the API of the gateway, default ${defaultUrl}
  --token WHERE   its token: env:NAME or file:PATH; default env:HEPGATE_TOKEN, where that is set
`

export async function run(args: readonly string[], { stdout }: Terminal): Promise<number> {
  const { values, positionals } = parseOptions(
    args,
    { for: { type: 'string' }, url: { type: 'string', default: defaultUrl }, token: { type: 'string' } },
    ['status or a level'],
  )
  const [word] = positionals
  if (values.for !== undefined && (word === 'status' || word.endsWith(configured))) {
    throw new UsageError('--for goes with a level')
  }
  if (values.for !== undefined && parseDuration(values.for) === undefined) {
    throw new UsageError(`--for should be ${durationForm}, not ${values.for}`)
  }
  const api = new ApiClient(values.url, values.token)
  const status =
    word === 'status'
      ? await api.get('/api/v1/log', LogStatus)
      : await api.put('/api/v1/log', logRequest(word, values.for), LogStatus)
  stdout.write(statusText(status))
  return exitCodes.fine
}

/** What is no component or no level is refused by the gateway, which names those it has. */
function logRequest(word: string, duration: string | undefined): object {
  const equals = word.indexOf('=')
  const level = word.slice(equals + 1)
  return {
    ...(equals >= 0 && { component: word.slice(0, equals) }),
    level: level === configured ? null : level,
    ...(duration !== undefined && { for: duration }),
  }
}

function statusText({ components, repeats }: Type.Static<typeof LogStatus>): string {
  const heldBack = repeats === 0 ? [] : [`${repeats} lines not written: too many were alike`]
  return rows([...components.map((one) => [one.component, [levelText(one)]] as const), ['repeated', heldBack] as const])
}

function levelText({ level, configured, until }: Type.Static<typeof LogStatus>['components'][number]): string {
  if (until !== undefined) return `${level} until ${until}, then ${configured}`
  return level === configured ? level : `${level}, configured: ${configured}`
}
