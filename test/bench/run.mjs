/**
 * `npm run bench`: what the gateway costs. Tunnel mode beside HAProxy in TCP mode, edge mode beside Kamailio and
 * tunnel mode, counting and spans beside the gateway without them, each in the same run.
 *
 *     node test/bench/run.mjs [--quick] [--only WORD] [--rounds N] [--pairs-per-call N] [--main dist/main.js]
 *
 * CPU is the peer's own, as the kernel counts it, so load generator and backend (processes of their
 * own) do not blur it. Rounds go in turn through the peers, equal in size; the first of each is thrown
 * away. Figures are medians with their range; a ratio is taken within each round.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findPeer } from '../support/peer-files.mjs'
import { cpuNanos, forkScript, order, reply, settledBytes } from './child.mjs'
import { haproxyVersion, startHaproxy } from './peers/haproxy.mjs'
import { startHepgate } from './peers/hepgate.mjs'
import { kamailioVersion, startKamailio } from './peers/kamailio.mjs'
import { answerBytes, requestBytes } from './traffic.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** pair, pair-1, pair-8, pair-8-records, handshake, memory, edge, edge-1, edge-8, telemetry, telemetry-1, telemetry-8 */
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    'pairs-per-call': { type: 'string', default: '0' },
    main: { type: 'string', default: fileURLToPath(new URL('../../dist/main.js', import.meta.url)) },
  },
})
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5))
const scale = options.quick ? 0.3 : 1
const pairsPerCall = Number(options['pairs-per-call'])
const main = resolve(options.main)

const connections = 50
const idleConnections = 3000
/** Node compiles the code of a connection's life for its first 10,000; a gateway runs for months. */
const handshakeWarmUps = options.quick ? 2 : 6
/** so that what the first connections cost (code, pools, arenas) is not counted as memory per connection */
const warmConnections = 300
/** So many calls that a twentieth of them has a twentieth of the requests. */
const pairsPerSampledCall = 8

const haproxyTitle = 'HAProxy, TCP mode'
const toHaproxy = (aim) => ({ to: 'haproxy', called: 'HAProxy', aim })

const figures = [
  { name: 'pair-1', run: () => pairs('one in flight', { inFlight: 1 }, 60_000 * scale) },
  { name: 'pair-8', run: () => pairs('eight in flight, in one TLS record', { inFlight: 8 }, 160_000 * scale) },
  {
    name: 'pair-8-records',
    run: () => pairs('eight in flight, a TLS record each', { inFlight: 8, recordEach: true }, 80_000 * scale),
  },
  { name: 'handshake', run: () => handshakes(1500 * scale) },
  { name: 'memory', run: memory },
  { name: 'edge-1', run: () => edge('one in flight', 1, 30_000 * scale) },
  { name: 'edge-8', run: () => edge('eight in flight, in one TLS record', 8, 50_000 * scale) },
  { name: 'telemetry-1', run: () => telemetry('one in flight', 1, 60_000 * scale) },
  { name: 'telemetry-8', run: () => telemetry('eight in flight, in one TLS record', 8, 160_000 * scale) },
]

for (const [path, hint] of [
  [findPeer('haproxy'), 'apt-get install haproxy'],
  [findPeer('openssl'), 'apt-get install openssl'],
  [findPeer('kamailio'), 'apt-get install kamailio'],
  [findPeer('kamailio-tls'), 'apt-get install kamailio-tls-modules'],
  [main, 'npm run build'],
]) {
  if (path !== undefined && existsSync(path)) continue
  console.error(`the benchmark needs ${path ?? hint.split(' ').at(-1)}: ${hint}`)
  process.exit(2)
}

const dir = mkdtempSync(join(tmpdir(), 'hepgate-bench-'))
/** everything to be ended with us */
const started = []
process.on('exit', () => {
  for (const child of started) child.kill?.('SIGKILL') ?? child.stop?.()
  rmSync(dir, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const collector = own(forkScript('collector.mjs'))
const bench = {
  dir,
  backend: await reply(own(forkScript('backend.mjs'))),
  collector: await reply(collector),
  ...makeCertificate(),
}
const load = own(forkScript('load.mjs'))

console.log(
  `hepgate on Node.js ${process.versions.node} (OpenSSL ${process.versions.openssl}), HAProxy ${haproxyVersion()}, ` +
    `Kamailio ${kamailioVersion()}; ${availableParallelism()} cores; ${rounds} rounds`,
)
console.log(
  `request ${requestBytes} bytes, answer ${answerBytes} bytes; TLS 1.3, P-256; ` +
    `${pairsPerCall === 0 ? 'one Call-ID per connection' : `${pairsPerCall} pairs per Call-ID`}\n`,
)
for (const figure of figures) if (figure.name.startsWith(options.only)) await figure.run()
process.exit(0)

/** CPU per relayed request and answer. */
async function pairs(title, { inFlight, recordEach = false }, count) {
  const peers = await startAll(['off', 'tcp', 'udp'])
  const costs = await alternate(peers, (peer) => costOfPairs(peer, count, { inFlight, recordEach }))
  console.log(`CPU per request and answer, ${title}, on each of ${connections} connections`)
  table(costs, 'µs', [
    { name: 'haproxy', title: haproxyTitle },
    { name: 'tunnel-off', title: 'trace off', ratios: [toHaproxy(2.0)] },
    { name: 'tunnel-tcp', title: 'traced, HEP over TCP', ratios: [toHaproxy(2.5)] },
    { name: 'tunnel-udp', title: 'traced, HEP over UDP', ratios: [toHaproxy(3.0)] },
  ])
  await losses(peers)
  for (const peer of peers) peer.stop()
}

/** CPU per request and answer of a proxy that writes into them, both legs traced. */
async function edge(title, inFlight, count) {
  const peers = []
  for (const trace of ['off', 'tcp', 'udp']) {
    peers.push(own(await startKamailio(bench, trace)))
    peers.push(own(await startHepgate(bench, main, trace, { bothLegs: true })))
    peers.push(own(await startHepgate(bench, main, trace, { mode: 'edge' })))
  }
  const costs = await alternate(peers, (peer) => costOfPairs(peer, count, { inFlight }))
  console.log(`edge mode: CPU per request and answer, ${title}, on each of ${connections} connections`)
  for (const [trace, how] of [
    ['off', ''],
    ['tcp', ', HEP over TCP'],
    ['udp', ', HEP over UDP'],
  ]) {
    const ratios = [
      { to: `kamailio-${trace}`, called: 'Kamailio', ...(trace === 'off' ? {} : { aim: 1 / 3 }) },
      { to: `tunnel-${trace}`, called: 'tunnel', aim: 1.4 },
    ]
    table(costs, 'µs', [
      { name: `kamailio-${trace}`, title: `Kamailio${how}` },
      { name: `tunnel-${trace}`, title: `tunnel${how}` },
      { name: `edge-${trace}`, title: `edge${how}`, ratios },
    ])
  }
  await losses(peers)
  for (const peer of peers) peer.stop()
}

/**
 * CPU per request and answer without telemetry, with everything counted, and with spans for the share of calls that has them by default on top.
 * Tracing is off.
 */
async function telemetry(title, inFlight, count) {
  for (const mode of ['edge', 'tunnel']) {
    const peers = []
    for (const telemetry of ['none', 'metrics', 'spans']) {
      peers.push(own(await startHepgate(bench, main, 'off', { mode, telemetry })))
    }
    const costs = await alternate(peers, (peer) => costOfPairs(peer, count, { inFlight, perCall: pairsPerSampledCall }))
    console.log(
      `${mode} mode: CPU per request and answer, ${title}, on each of ${connections} connections, ` +
        `${pairsPerSampledCall} pairs per Call-ID`,
    )
    const ratios = [{ to: `${mode}-none`, called: 'without', aim: 1.05 }]
    table(costs, 'µs', [
      { name: `${mode}-none`, title: 'without telemetry' },
      { name: `${mode}-metrics`, title: 'metrics', ratios },
      { name: `${mode}-spans`, title: 'metrics and spans', ratios },
    ])
    collector.send('how much?')
    const { exports, bytes } = await reply(collector)
    console.log(`  ${mode}-spans: ${exports} exports of ${Math.round(bytes / 1000)} kB in all\n`)
    for (const peer of peers) peer.stop()
  }
}

/** µs of CPU per request and answer. */
async function costOfPairs(peer, count, { inFlight, recordEach = false, perCall = pairsPerCall }) {
  await order(load, { do: 'open', port: peer.port, connections, recordEach })
  const before = cpuNanos(peer.pids)
  await order(load, { do: 'pairs', pairs: count, inFlight, perCall })
  const nanos = cpuNanos(peer.pids) - before
  await order(load, { do: 'close' })
  return nanos / count / 1000
}

/** CPU per connection that lives for one request: nearly all of it is the handshake. */
async function handshakes(count) {
  const peers = await startAll(['off', 'tcp'])
  const costs = await alternate(
    peers,
    async (peer) => {
      const before = cpuNanos(peer.pids)
      await order(load, { do: 'churn', port: peer.port, connections: count })
      return (cpuNanos(peer.pids) - before) / count / 1000
    },
    handshakeWarmUps,
  )
  console.log('CPU per connection: full handshake, one request and answer, close')
  table(costs, 'µs', [
    { name: 'haproxy', title: haproxyTitle },
    { name: 'tunnel-off', title: 'trace off', ratios: [toHaproxy()] },
    { name: 'tunnel-tcp', title: 'traced, HEP over TCP', ratios: [toHaproxy(1.6)] },
  ])
  await losses(peers)
  for (const peer of peers) peer.stop()
}

/** Resident memory per idle connection; both legs of it, kernel buffers not counted. */
async function memory() {
  const wanted = options.quick ? idleConnections / 2 : idleConnections
  const settleSeconds = options.quick ? 2 : 5
  const figures = new Map()
  for (const start of [() => startHaproxy(bench), () => startHepgate(bench, main, 'off')]) {
    const peer = own(await start())
    await order(load, { do: 'open', port: peer.port, connections: warmConnections })
    const [pid] = peer.pids
    const before = await settledBytes(pid, settleSeconds)
    await order(load, { do: 'open', port: peer.port, connections: wanted })
    figures.set(peer.name, [((await settledBytes(pid, settleSeconds)) - before) / wanted / 1000])
    await order(load, { do: 'close' })
    peer.stop()
  }
  console.log(`memory per idle connection, ${wanted} connections (resident set, both legs)`)
  table(figures, 'kB', [
    { name: 'haproxy', title: haproxyTitle },
    { name: 'tunnel-off', title: 'trace off', ratios: [toHaproxy()], aim: 35 },
  ])
}

async function startAll(traces) {
  const peers = [own(await startHaproxy(bench))]
  for (const trace of traces) peers.push(own(await startHepgate(bench, main, trace)))
  return peers
}

/** Measures every peer once per round, in turn; one round more than asked for, to warm up. */
async function alternate(peers, measure, warmUps = 1) {
  const results = new Map(peers.map((peer) => [peer.name, []]))
  for (let round = -warmUps; round < rounds; round++) {
    for (const peer of peers) {
      const value = await measure(peer)
      if (round >= 0) results.get(peer.name).push(value)
    }
  }
  return results
}

/**
 * One line per row: `name` of the peer, `title`, `ratios` to other peers (`to`, how it is `called`, the highest `aim`ed
 * at), the highest value `aim`ed at.
 */
function table(results, unit, rows) {
  for (const { name, title, ratios = [], aim: valueAim } of rows) {
    const values = results.get(name)
    let line = `  ${title.padEnd(24)} ${range(values)} ${unit}`
    for (const { to, called, aim: ratioAim } of ratios) {
      const quotients = values.map((value, round) => value / results.get(to)[round])
      line += `   ${range(quotients, 2)} × ${called}`
      if (ratioAim !== undefined) line += aim(median(quotients), ratioAim, '×')
    }
    if (valueAim !== undefined) line += aim(median(values), valueAim, unit)
    console.log(line)
  }
}

function aim(value, highest, unit) {
  return `   aim ≤ ${highest.toFixed(Number.isInteger(highest * 10) ? 1 : 2)} ${unit} ${value <= highest ? '✔' : '✖ MISSED'}`
}

/** `21.8 (21.1–23.0)` */
function range(values, digits = 1) {
  const text = (value) => value.toFixed(digits)
  return `${text(median(values)).padStart(6)} (${text(Math.min(...values))}–${text(Math.max(...values))})`.padEnd(24)
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

async function losses(peers) {
  for (const peer of peers.filter(({ name }) => /^(?:tunnel|edge)-(?:tcp|udp)$/.test(name))) {
    const { sent, dropped } = await peer.traced()
    console.log(`  ${peer.name}: ${sent} HEP packets sent, ${dropped} dropped`)
  }
  console.log()
}

function own(child) {
  started.push(child)
  return child
}

function makeCertificate() {
  const [key, certificate] = ['key.pem', 'cert.pem'].map((name) => join(dir, name))
  const subject = ['-subj', '/CN=bench.example.com', '-days', '2']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync(findPeer('openssl'), ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  })
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}
