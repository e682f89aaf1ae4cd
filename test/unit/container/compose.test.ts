/** docker-compose.yml: everything it names exists, everything is hardened alike, and the parts fit each other. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../../../src/config/load.js'
import {
  compose,
  composeText,
  fileText,
  mountsOf,
  networksOf,
  onHost,
  type Service,
  serviceOf,
  services,
} from '../../support/compose.js'
import { repoRoot } from '../../support/paths.js'
import { runHepgate } from '../../support/terminal.js'

const gateway = serviceOf('hepgate')
const profiles = ['homer7', 'homer11', 'monitoring']
const activeIn = (profile: string | undefined) =>
  services.filter(([, service]) => service.profiles?.includes(profile ?? '') ?? true)
const configFile = onHost(gateway, gateway.command!.at(-1)!)
/** `${NAME:?message}` */
const variables = [...composeText.matchAll(/\$\{(\w+)([^}]*)\}/g)].map(([, name, rest]) => ({
  name: name!,
  rest: rest!,
}))

for (const { name } of variables) process.env[name] = `${name} of a test`

test('all images have a version in their tag', () => {
  const inline = services.flatMap(([, { build }]) => (typeof build === 'object' ? [build.dockerfile_inline] : []))
  const bases = inline.flatMap((text) => [...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!))
  const pulled = services.filter(([, { build }]) => build === undefined).map(([, { image }]) => image)
  assert.ok(pulled.length >= 8)
  for (const image of [...pulled, ...bases]) assert.match(image!, /:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/)
})

test('each container can be asked how it is, and is asked often', () => {
  for (const [name, { healthcheck }] of services) {
    if (name === 'hepgate') assert.match(fileText('Dockerfile'), /^HEALTHCHECK /m)
    else assert.equal(healthcheck?.test[0], 'CMD', `${name} without a shell in between`)
  }
})

test('no container has rights that it does not need', () => {
  const writing = services.filter(([, service]) => service.read_only !== true).map(([name]) => name)
  assert.deepEqual(writing.sort(), ['homer-app', 'homer11', 'prometheus'], 'the file says why')
  for (const [name, service] of services) {
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.equal(service.restart, 'unless-stopped', name)
    assert.match(service.deploy.resources.limits.memory, /^\d+[mg]$/, name)
  }
})

test('a secret from the environment goes to no read-only container: Compose could not put it there', () => {
  for (const [name, service] of services) {
    for (const secret of service.secrets ?? []) {
      assert.ok(secret in compose.secrets, `${name}: ${secret}`)
      assert.notEqual(service.read_only, true, name)
    }
  }
})

test('what is mounted from here exists and is mounted for reading, every volume is declared and used', () => {
  const used = new Set<string>()
  for (const [name, service] of services) {
    for (const { source, mode } of mountsOf(service)) {
      if (source.startsWith('.')) {
        assert.ok(existsSync(join(repoRoot, source)), `${name}: ${source}`)
        assert.equal(mode, 'ro', `${name}: ${source}`)
      } else used.add(source)
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(compose.volumes).sort())
})

test('every network is declared and used, and whoever waits waits for health, in each profile', () => {
  const used = new Set(services.flatMap(([, service]) => Object.keys(networksOf(service))))
  assert.deepEqual([...used].sort(), Object.keys(compose.networks).sort())
  for (const profile of [undefined, ...profiles]) {
    const active = new Map(activeIn(profile))
    for (const [name, { depends_on = {} }] of active) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        assert.ok(active.has(other), `${name} waits for ${other}, which is not in ${profile}`)
        assert.equal(condition, 'service_healthy', `${name} waits for ${other}`)
      }
    }
  }
})

test('without a profile there are the gateway and the SIP server, with homer7 or homer11 one Homer and all else', () => {
  const names = (profile?: string) =>
    activeIn(profile)
      .map(([name]) => name)
      .sort()
  const watching = ['core', 'grafana', 'hepgate', 'jaeger', 'otel-collector', 'prometheus']
  assert.deepEqual(names(), ['core', 'hepgate'])
  assert.deepEqual(names('monitoring'), watching)
  assert.deepEqual(names('homer7'), [...watching, 'heplify-server', 'homer-app', 'homer-db'].sort())
  assert.deepEqual(names('homer11'), [...watching, 'homer11'].sort())
})

test('only SIP over TLS is published to other machines, and no port twice in a profile', () => {
  for (const [name, { ports = [] }] of services) {
    for (const port of ports) {
      const isLocal = port.startsWith('127.0.0.1:')
      assert.ok(isLocal || (name === 'hepgate' && port === '5061:5061'), `${name}: ${port}`)
    }
  }
  for (const profile of profiles) {
    const published = activeIn(profile).flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':').at(-2)))
    assert.equal(new Set(published).size, published.length, profile)
  }
})

test('every password is asked for with a sentence, and the file says how to make them all', () => {
  const names = new Set(variables.map(({ name }) => name))
  for (const { name, rest } of variables) assert.match(rest, /^:\?put .+ into \.env, see docker-compose\.yml$/, name)
  const [, loop] = /^# {5}for name in (.+)$/m.exec(composeText)!
  assert.deepEqual(loop!.split(' ').sort(), [...names].sort())
  const fromEnvironment = Object.values(compose.secrets).map(({ environment }) => environment)
  for (const name of fromEnvironment) assert.ok(names.has(name), name)
})

test('the configuration of the gateway passes check without a warning, and needs no other variable', async () => {
  assert.equal(configFile, join(repoRoot, 'config/compose/hepgate.yaml'))
  const { code, stderr } = await runHepgate('check', '--config', configFile)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const wanted = [...fileText('config/compose/hepgate.yaml').matchAll(/env:(\w+)/g)].map(([, name]) => name!)
  const given = Object.keys(gateway.environment!).filter((name) => name.startsWith('HEPGATE_'))
  assert.deepEqual(given, wanted)
})

test('the ports of the gateway are those it listens on, and a stop has the time it may take', () => {
  const { socket, api, limits, proto_hep } = loadConfig(configFile)
  const edge = socket.filter(({ side }) => side === 'edge').map(({ port }) => port)
  const published = gateway.ports!.map((port) => Number(port.split(':').at(-1)))
  assert.deepEqual(published, [...edge, api.listen!.port])
  // and three seconds for the last spans
  const needed = limits.drain_timeout + proto_hep.hep_flush_timeout + 3000
  assert.ok(Number.parseInt(gateway.stop_grace_period!, 10) * 1000 > needed)
})

test('the gateway and the SIP server are alone in their network, at the addresses their files name', () => {
  const inside = services.filter(([, service]) => 'core' in networksOf(service)).map(([name]) => name)
  assert.deepEqual(inside, ['hepgate', 'core'])
  assert.equal(compose.networks.core!.internal, true)
  const { socket, relay } = loadConfig(configFile)
  const [core] = socket.filter(({ side }) => side === 'core')
  assert.equal(core!.ip, networksOf(gateway).core!.ipv4_address)
  const server = serviceOf('core')
  const [upstream] = relay.upstream
  assert.equal(upstream!.host, 'core', 'the name of the service')
  assert.equal(server.entrypoint!.at(-1), `tcp:${networksOf(server).core!.ipv4_address}:${upstream!.port}`)
})

test('both Homers take HEP at homer:9060, where the gateway sends it', () => {
  const destinations = loadConfig(configFile).proto_hep.hep_id
  assert.ok(destinations.some(({ host, port, transport }) => `${transport}:${host}:${port}` === 'tcp:homer:9060'))
  const homers = services.filter(([, s]) => Object.values(networksOf(s)).some((n) => n.aliases?.includes('homer')))
  assert.deepEqual(
    homers.map(([, { profiles }]) => profiles),
    [['homer7'], ['homer11']],
  )
  assert.equal(serviceOf('heplify-server').environment!.HEPLIFYSERVER_HEPTCPADDR, '0.0.0.0:9060')
  assert.equal(serviceOf('homer11').environment!.HOMER_INGEST_TCP_PORT, '9060')
  for (const [name, service] of homers) assert.ok(sharesNetwork(service, gateway), name)
})

test('spans go from the gateway to the collector and on to Jaeger', () => {
  const otel = serviceOf('otel-collector')
  const file = onHost(otel, otel.command!.at(-1)!)
  assert.equal(file, join(repoRoot, 'config/otel/collector.yaml'))
  const collector = parse(fileText('config/otel/collector.yaml')) as CollectorConfig
  const endpoint = new URL(gateway.environment!.OTEL_EXPORTER_OTLP_ENDPOINT!)
  assert.equal(endpoint.hostname, 'otel-collector')
  assert.equal(collector.receivers.otlp.protocols.http.endpoint, `0.0.0.0:${endpoint.port}`)
  const [jaeger] = collector.exporters['otlp_grpc/jaeger'].endpoint.split(':')
  assert.ok(sharesNetwork(serviceOf(jaeger!), otel))
  for (const { exporters, receivers, processors } of Object.values(collector.service.pipelines)) {
    for (const name of exporters) assert.ok(name in collector.exporters, name)
    for (const name of receivers) assert.ok(name in collector.receivers, name)
    for (const name of processors) assert.ok(name in collector.processors, name)
  }
  assert.ok(otel.healthcheck!.test.at(-1)!.includes(collector.extensions.health_check.endpoint))
})

test('Prometheus asks services there are, and Grafana begins with a board there is', () => {
  const prometheus = serviceOf('prometheus')
  const text = fileText('config/prometheus/prometheus.yml')
  const { scrape_configs } = parse(text) as { scrape_configs: readonly ScrapeConfig[] }
  const asked = scrape_configs.flatMap(({ static_configs = [], dns_sd_configs = [] }) => [
    ...static_configs.flatMap(({ targets }) => targets.map((target) => target.split(':')[0]!)),
    ...dns_sd_configs.flatMap(({ names }) => names),
  ])
  for (const host of asked.filter((name) => name !== 'localhost')) {
    assert.ok(sharesNetwork(serviceByName(host), prometheus), host)
  }
  for (const [, secret] of text.matchAll(/\/run\/secrets\/(\w+)/g)) assert.ok(prometheus.secrets!.includes(secret!))
  const grafana = serviceOf('grafana')
  const board = onHost(grafana, grafana.environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!)
  assert.ok(existsSync(board), board)
})

interface CollectorConfig {
  readonly receivers: { readonly otlp: { readonly protocols: { readonly http: { readonly endpoint: string } } } }
  readonly processors: Readonly<Record<string, unknown>>
  readonly exporters: { readonly 'otlp_grpc/jaeger': { readonly endpoint: string } }
  readonly extensions: { readonly health_check: { readonly endpoint: string } }
  readonly service: {
    readonly pipelines: Readonly<
      Record<string, { receivers: readonly string[]; processors: readonly string[]; exporters: readonly string[] }>
    >
  }
}

interface ScrapeConfig {
  readonly static_configs?: readonly { readonly targets: readonly string[] }[]
  readonly dns_sd_configs?: readonly { readonly names: readonly string[] }[]
}

function sharesNetwork(one: Service, other: Service): boolean {
  const names = networksOf(other)
  return Object.keys(networksOf(one)).some((name) => name in names)
}

/** By its name or by an alias. */
function serviceByName(name: string): Service {
  const alias = services.find(([, s]) => Object.values(networksOf(s)).some(({ aliases }) => aliases?.includes(name)))
  return alias?.[1] ?? serviceOf(name)
}
