/**
 * `hepgate run`: starts the gateway, says what listens where and what to try next, and ends it as
 * it is told: SIGTERM and SIGINT drain, a second one ends at once, SIGHUP reloads.
 */
import { readFileSync } from 'node:fs'
import { durationText } from '../base/duration.js'
import { UsageError } from '../base/errors.js'
import type { ChangeResult } from '../base/ports.js'
import { defaultText } from '../config/defaults.js'
import { defaultConfig, loadConfig } from '../config/load.js'
import type { Config } from '../config/types.js'
import { configWarnings } from '../config/warnings.js'
import { type Gateway, startGateway } from '../gateway/gateway.js'
import { report } from './check.js'
import { exitCodes, type Terminal } from './command.js'
import { descriptorShortage } from './descriptors.js'
import { fileProblem, type InspectionProblem, isError } from './inspection.js'
import { type Logger, makeLogger } from './log/logger.js'
import { logNodeWarnings } from './node-warnings.js'
import { parseOptions } from './options.js'
import { Systemd } from './systemd.js'
import { version } from './version.js'
import { welcome } from './welcome.js'

export const help = `usage: hepgate run [--config FILE]

  -c, --config FILE   the configuration; without it the built-in defaults run: TLS on 5061 with a
                      self-signed certificate, a SIP responder behind it, the API on 127.0.0.1:8080
                      and a HEP collector on 127.0.0.1:9060

signals: TERM, INT   drain and stop; a second one stops at once
         HUP         reload configuration, certificates and routes
`

/** What a stop may take beyond its own deadlines, 3 s of it the last export, before the process is ended from outside of it. */
const stopMarginMs = 5_000

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(args, { config: { type: 'string', short: 'c' } })
  // Heard from the beginning: whoever sends SIGHUP does not know how far we are, and unheard it ends the process.
  let hangUp = (): void => {}
  process.on('SIGHUP', () => hangUp())
  const config = values.config === undefined ? defaultConfig() : loadConfig(values.config)
  const warnings = warningsOf(config)
  const logger = makeLogger(config.log, process.stderr.isTTY)
  hangUp = () => logger.log.warn({}, 'SIGHUP before the gateway runs is ignored: the configuration was just read')
  endOnBugs(logger)
  logNodeWarnings(logger.log)
  const systemd = new Systemd(process.env, logger.log)
  const gateway = await started(config, logger)
  hangUp = () => {
    const reloading = systemd.reloading(async () => reloadStatus(await gateway.reload('SIGHUP')))
    reloading.catch((error: unknown) => logger.log.error({ err: error }, 'the reload failed'))
  }
  systemd.ready('running')
  for (const { place, message } of warnings) logger.log.warn({ place }, message)
  // on a terminal the welcome stands beside the log
  if (!process.stderr.isTTY) logger.log.info({ summary: gateway.summary }, 'hepgate is running')
  terminal.stdout.write(welcome(version(), config, gateway.summary))
  const shortage = descriptorShortage(config.limits.max_connections)
  if (shortage !== undefined) logger.log.warn({}, shortage)
  const signal = await stopSignal((again) => {
    logger.log.warn({ signal: again }, 'told again to stop: ending at once')
    endAtOnce(logger)
  })
  const deadlineMs = stopDeadlineMs(config)
  systemd.stopping(deadlineMs, `stopping: connections have ${durationText(config.limits.drain_timeout)} to end`)
  endAtOnceAfter(deadlineMs, logger)
  await gateway.stop(signal)
  logger.flush()
  // Not left to itself: a retry of an export that nobody takes could hold it up for seconds.
  process.exit(exitCodes.fine)
}

/** Throws what keeps it from starting as `hepgate check` tells it: with places that editors open. */
async function started(config: Config, logger: Logger): Promise<Gateway> {
  try {
    return await startGateway(config, { logs: logger.logs, configPath: config.file, version: version() })
  } catch (error) {
    const errors = error instanceof UsageError ? (await report(config.file)).problems.filter(isError) : []
    if (errors.length === 0) throw error
    throw new UsageError(errors.map(({ place, message }) => `${place}: ${message}`).join('\n'))
  }
}

/** For `systemctl status`. */
function reloadStatus({ ok, problems }: ChangeResult): string {
  return ok ? 'running' : `running by the configuration before the last reload, which failed: ${problems.join('; ')}`
}

/** What of the file is probably not meant, as `hepgate check` tells it. */
function warningsOf(config: Config): InspectionProblem[] {
  const text = config.file === undefined ? defaultText : readFileSync(config.file, 'utf8')
  return configWarnings(config, text).map((problem) => fileProblem('warning', problem, config.file))
}

/** After a bug nothing is known of any connection: an honest end, which a supervisor follows with a fresh start. */
function endOnBugs(logger: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.log.error({ err: error }, `${event}: this is a bug in hepgate, which ends now`)
      endAtOnce(logger)
    })
  }
}

/** Resolves with the first signal to stop; `again` is called for every other. */
function stopSignal(again: (signal: NodeJS.Signals) => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isFirst = true
    const hear = (signal: NodeJS.Signals): void => {
      if (!isFirst) again(signal)
      isFirst = false
      resolve(signal)
    }
    process.on('SIGTERM', hear)
    process.on('SIGINT', hear)
  })
}

function stopDeadlineMs({ limits, proto_hep }: Config): number {
  return limits.drain_timeout + proto_hep.hep_flush_timeout + stopMarginMs
}

function endAtOnceAfter(deadlineMs: number, logger: Logger): void {
  setTimeout(() => {
    logger.log.error({ deadlineMs }, 'the stop did not come to its end: ending at once')
    endAtOnce(logger)
  }, deadlineMs).unref()
}

function endAtOnce(logger: Logger): never {
  logger.flush()
  process.exit(exitCodes.failed)
}
