/** `npm run demo`: the gateway with simulated phones, until Ctrl-C or for a while. */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseDuration } from '../../src/base/duration.js'
import type { Scope } from '../support/scope.js'
import { type Demo, startDemo } from './demo.js'

const usage = 'usage: npm run demo -- [--phones N] [--calls-per-minute N] [--port PORT] [--for 10m]'

const options = readOptions()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    ending = true
    interrupted.abort()
  })
}
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exitCode = 1
  interrupted.abort() // the gateway must not outlive this
})

let ending = false
const ends: (() => Promise<void> | void)[] = []
const scope: Scope = { after: (end) => void ends.push(end) }
try {
  const demo = await startDemo(scope, options)
  console.log(banner(demo))
  await Promise.race([
    interrupted.signal.aborted ? undefined : once(interrupted.signal, 'abort'),
    died(demo),
    ...(options.forMs === undefined ? [] : [delay(options.forMs, undefined, { ref: false })]),
  ])
} finally {
  ending = true
  for (const end of ends.reverse()) await end()
}

function banner({ url, direct, phones }: Demo): string {
  return `
  Open ${url}

  ${phones.length} phones call each other over TLS. Others fail, each for a cause of its own, and a trunk comes and goes.
  Try it yourself: openssl s_client -connect ${direct} -servername sip.example.com
  Ctrl-C ends it all.
`
}

/** The gateway ended before the demo was to. */
async function died({ gateway }: Demo): Promise<void> {
  await gateway.process.ended
  if (ending) return
  console.error(`the gateway ended by itself:\n${gateway.process.output}`)
  process.exitCode = 1
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        phones: { type: 'string', default: '12' },
        'calls-per-minute': { type: 'string', default: '15' },
        port: { type: 'string', default: '8080' },
        for: { type: 'string' },
      },
    })
    const forMs = values.for === undefined ? undefined : parseDuration(values.for)
    if (values.for !== undefined && forMs === undefined) throw new Error(`--for ${values.for}: not a duration`)
    return {
      phones: whole('phones', values.phones),
      callsPerMinute: whole('calls-per-minute', values['calls-per-minute']),
      port: whole('port', values.port),
      forMs,
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number above 0 is wanted`)
  return value
}
