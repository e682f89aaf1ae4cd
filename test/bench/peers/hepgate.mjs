/** The gateway under test, as users run it: in front of the same backend, tracing nowhere, over UDP or over TCP. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listening } from '../child.mjs'

/**
 * @param {{dir: string, backend: {sip: number}, collector: {udp: number, tcp: number, otlp: number}, certificate: string, key: string}} bench
 * @param {'off' | 'udp' | 'tcp'} trace
 * @param {{mode?: 'tunnel' | 'edge', bothLegs?: boolean, telemetry?: 'none' | 'metrics' | 'spans'}} options
 *   bothLegs: tunnel mode traces both, as edge mode always does; telemetry: metrics unless it says otherwise, as by default
 */
export async function startHepgate(bench, main, trace, { mode = 'tunnel', bothLegs = false, telemetry } = {}) {
  const { dir, backend, collector, certificate, key } = bench
  const name = `${mode}-${telemetry ?? trace}`
  const home = join(dir, `${name}-${Date.now()}`)
  const [port, apiPort, corePort] = [await freePort(), await freePort(), await freePort()]
  mkdirSync(home)
  writeFileSync(join(home, 'cert.pem'), certificate)
  writeFileSync(join(home, 'key.pem'), key, { mode: 0o600 })
  // Off still has its destination: what is measured is the switch.
  const transport = trace === 'udp' ? 'udp' : 'tcp'
  const config = {
    socket: [`tls:127.0.0.1:${port}`, ...(mode === 'edge' ? [`tcp:127.0.0.1:${corePort}`] : [])],
    state_dir: home,
    log: { level: 'warn', format: 'json' },
    proto_tls: {
      tls_handshake_timeout: 10_000,
      tls_send_timeout: 10_000,
      trace_destination: 'hep_dest',
      trace_on: trace === 'off' ? 0 : 1,
    },
    proto_hep: {
      hep_id: [`[hep_dest]127.0.0.1:${collector[transport]};transport=${transport};version=3`],
    },
    tls_mgm: {
      server_domain: [
        { name: 'bench', certificate: 'cert.pem', private_key: 'key.pem', verify_cert: 0, require_cert: 0 },
      ],
    },
    relay: { mode, upstream: [`sip:127.0.0.1:${backend.sip};transport=tcp`] },
    trace: { core_leg: bothLegs ? 1 : 0 },
    limits: { max_connections: 20_000, max_connections_per_address: 0, drain_timeout: 100 },
    telemetry: { metrics: telemetry === 'none' ? 0 : 1 },
    api: { listen: `127.0.0.1:${apiPort}` },
  }
  const file = join(home, 'gateway.yaml')
  writeFileSync(file, JSON.stringify(config, null, 2))
  const env = { ...process.env, ...(telemetry === 'spans' && otlp(collector.otlp)) }
  const child = spawn(process.execPath, [main, 'run', '--config', file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  await listening(child, port, () => output)
  return {
    name,
    pids: [child.pid],
    port,
    stop: () => child.kill('SIGKILL'),
    /** so that packets which were dropped do not look cheap */
    async traced() {
      const status = await (await fetch(`http://127.0.0.1:${apiPort}/api/v1/status`)).json()
      const [destination] = status.destinations
      const dropped = Object.values(destination.dropped).reduce((sum, count) => sum + count, 0)
      return { sent: destination.sentPackets, dropped }
    },
  }
}

/** Spans alone, of the share of calls that `telemetry.sip_spans` says; in batches that leave within the round. */
function otlp(port) {
  return {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '1000',
  }
}
