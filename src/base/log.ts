/** The logger everyone is handed: pino's shape, so that tests can pass a silent one. Never bodies, credentials or keys. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const nothing = () => {}
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
