/** config/kubernetes/hepgate.yaml: its parts find each other, and what runs is what hepgate check accepts. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { loadConfig } from '../../../src/config/load.js'
import { TestCa } from '../../support/certificates.js'
import { fileText } from '../../support/compose.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'

const text = fileText('config/kubernetes/hepgate.yaml')
const resources = parseAllDocuments(text).map((document) => document.toJS() as Resource)
const find = <T extends Resource>(kind: string, name = 'hepgate') =>
  resources.find((resource) => resource.kind === kind && resource.metadata.name === name) as T
const pod = find<Deployment>('Deployment').spec.template
const [container] = pod.spec.containers as [Container]
const services = resources.filter(({ kind }) => kind === 'Service') as Service[]

test('the configuration in it passes check; the one warning is answered by the NetworkPolicy', async (t) => {
  const file = install(t)
  const { code, stderr } = await runHepgate('check', '--config', file)
  assert.equal(code, 0, stderr)
  assert.match(stderr, /warning: socket\[1\]: whoever reaches it is believed to be one of your servers/)
  assert.equal(stderr.trim().split('\n').length, 1, stderr)
  const open = find<NetworkPolicy>('NetworkPolicy').spec.ingress.filter(({ from }) => from === undefined)
  assert.deepEqual(
    open.map(({ ports }) => ports.map(({ port }) => port)),
    [['sips']],
  )
})

test('the container exposes what the configuration listens on, and services and probes name its ports', (t) => {
  const config = loadConfig(install(t))
  const listening = [...config.socket.map(({ port }) => port), config.api.listen!.port]
  assert.deepEqual(
    container.ports.map(({ containerPort }) => containerPort),
    listening,
  )
  const names = container.ports.map(({ name }) => name)
  for (const { spec } of services) for (const { targetPort } of spec.ports) assert.ok(names.includes(targetPort))
  const probes = [container.readinessProbe, container.livenessProbe, container.startupProbe]
  assert.deepEqual(
    probes.map(({ httpGet }) => `${httpGet.port}${httpGet.path}`),
    ['http/readyz', 'http/healthz', 'http/healthz'],
  )
  assert.ok(
    services.every(({ spec }) => spec.ports.every(({ targetPort }) => targetPort !== 'core')),
    'the core reaches a gateway by the address of its pod',
  )
})

test('every selector finds the pods, and every mount its volume', () => {
  const label = pod.metadata.labels['app.kubernetes.io/name']
  const selected = [...text.matchAll(/(?:selector|matchLabels): \{ app\.kubernetes\.io\/name: (\S+) \}/g)]
  assert.deepEqual(new Set(selected.map(([, name]) => name)), new Set([label, 'sip-server']))
  const volumes = new Set(pod.spec.volumes.map(({ name }) => name))
  assert.deepEqual(new Set(container.volumeMounts.map(({ name }) => name)), volumes)
  const config = container.volumeMounts.find(({ name }) => name === 'config')!
  assert.equal(container.args.at(-1), `${config.mountPath}/hepgate.yaml`)
})

test('what the configuration reads of secrets is mounted, and the commands at the top make it', () => {
  const [, command] = /create secret generic hepgate \\\n((?:# .*\\\n)*# .*)\n/.exec(text)!
  const made = [...command!.matchAll(/--from-literal=([\w-]+)=/g)].map(([, name]) => name!)
  const read = [...text.matchAll(/file:\/etc\/hepgate-secret\/([\w-]+)/g)].map(([, name]) => name!)
  assert.deepEqual(made.sort(), read.sort())
  const mounted = container.volumeMounts.find(({ name }) => name === 'secret')!
  assert.equal(mounted.mountPath, '/etc/hepgate-secret')
})

test('no root, nothing to write to but the state, no rights', () => {
  const { runAsNonRoot, runAsUser, fsGroup } = pod.spec.securityContext
  assert.deepEqual({ runAsNonRoot, runAsUser, fsGroup }, { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 })
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true)
  assert.deepEqual(
    writable.map(({ mountPath }) => mountPath),
    ['/var/lib/hepgate'],
  )
  assert.equal(pod.spec.automountServiceAccountToken, false)
})

test('a pod that ends has the time for its pause, the drain and what follows', (t) => {
  const { limits, proto_hep } = loadConfig(install(t))
  const [, pauseMs] = /}, (\d+)\)/.exec(container.lifecycle.preStop.exec.command.at(-1)!)!
  const neededMs = Number(pauseMs) + limits.drain_timeout + proto_hep.hep_flush_timeout + 3000
  assert.ok(pod.spec.terminationGracePeriodSeconds * 1000 > neededMs)
})

test('gateways that share an address share the key of their flow tokens, and see who the phones are', () => {
  assert.ok(find<Deployment>('Deployment').spec.replicas > 1)
  assert.match(text, /flow_secret: file:/)
  assert.equal(find<Service>('Service').spec.externalTrafficPolicy, 'Local')
})

/** The configuration with the files that it names, as the mounts would give them. */
function install(t: TestContext): string {
  const dir = tempDir(t)
  const config = find<ConfigMap>('ConfigMap').data['hepgate.yaml'].replaceAll('/etc/hepgate-', `${dir}/`)
  for (const folder of ['tls', 'secret']) mkdirSync(join(dir, folder))
  const ca = TestCa.create()
  const certificate = ca.issue({ dns: ['sip.example.com'] })
  writeFileSync(join(dir, 'tls/tls.crt'), certificate.certPem + ca.certPem)
  writeFileSync(join(dir, 'tls/tls.key'), certificate.keyPem, { mode: 0o600 })
  for (const [, name] of config.matchAll(/\/secret\/([\w-]+)/g))
    writeFileSync(join(dir, 'secret', name!), name!.repeat(4))
  const file = join(dir, 'hepgate.yaml')
  writeFileSync(file, `${config}\nstate_dir: ${dir}\n`)
  return file
}

interface Resource {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
}

interface ConfigMap extends Resource {
  readonly data: { readonly 'hepgate.yaml': string }
}

interface Deployment extends Resource {
  readonly spec: { readonly replicas: number; readonly template: Pod }
}

interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly volumes: readonly { readonly name: string }[]
    readonly securityContext: {
      readonly runAsNonRoot: boolean
      readonly runAsUser: number
      readonly fsGroup: number
    }
    readonly automountServiceAccountToken: boolean
    readonly terminationGracePeriodSeconds: number
  }
}

interface Container {
  readonly args: readonly string[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
  }[]
  readonly securityContext: object
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly startupProbe: Probe
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Service extends Resource {
  readonly spec: {
    readonly externalTrafficPolicy?: string
    readonly ports: readonly { readonly targetPort: string }[]
  }
}

interface NetworkPolicy extends Resource {
  readonly spec: {
    readonly ingress: readonly { readonly from?: unknown; readonly ports: readonly { readonly port: string }[] }[]
  }
}
