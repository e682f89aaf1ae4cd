/** Bodies about the log: what level its components have, and another one. */
import Type from 'typebox'
import { type LogLevel, logComponents, logLevels } from '../../base/log.js'
import { closed, duration, named, time } from './schema.js'

const component = { description: 'whose lines', examples: ['tls'] }

export const LogRequestBody = named(
  'LogRequest',
  Type.Object(
    {
      component: Type.Optional(Type.Enum([...logComponents], { ...component, description: 'absent: all of them' })),
      level: Type.Unsafe<LogLevel | null>({
        enum: [...logLevels, null],
        description: 'lines of this level and above are written; null: as configured again',
        examples: ['debug'],
      }),
      for: duration('then it is as configured again: 90s, 10m, 1h30m; absent: until it is changed, or a restart'),
    },
    closed,
  ),
)

export const LogStatus = named(
  'LogStatus',
  Type.Object({
    components: Type.Array(
      Type.Object({
        component: Type.Enum([...logComponents], component),
        level: Type.Enum([...logLevels]),
        configured: Type.Enum([...logLevels], { description: 'by the configuration' }),
        until: Type.Optional(time('when it is as configured again; absent: it stays as it is')),
      }),
    ),
    repeats: Type.Integer({ description: 'lines not written since start because too many were alike' }),
  }),
)

export const logSchemas = [LogRequestBody, LogStatus] as const
