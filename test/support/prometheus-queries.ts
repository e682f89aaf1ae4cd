/** The Grafana boards and the alerts of this repository, and what their PromQL asks for. Evaluates nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { repoRoot } from './paths.js'

export interface Target {
  readonly refId: string
  readonly expr: string
  readonly legendFormat?: string
  readonly instant?: boolean
}

/** Of a value, to a board. */
export interface DataLink {
  readonly title: string
  readonly url: string
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly (Target & { readonly datasource: { readonly uid: string } })[]
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string
      readonly mappings?: readonly unknown[]
      readonly links?: readonly DataLink[]
    }
  }
}

export interface Variable {
  readonly name: string
  readonly type: string
  readonly definition?: string
  readonly multi: boolean
}

export interface Board {
  /** of its file, without `.json` */
  readonly name: string
  readonly uid: string
  readonly title: string
  readonly tags: readonly string[]
  readonly panels: readonly Panel[]
  readonly links: readonly { readonly tags: readonly string[] }[]
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
  readonly templating: { readonly list: readonly Variable[] }
}

/** A query of a board, named so that a person finds it. */
export interface Query {
  /** `edge-overview, Messages, A` */
  readonly name: string
  readonly expr: string
  /** asks for now only */
  readonly instant: boolean
  /** several gateways at once may be chosen on its board */
  readonly multi: boolean
}

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A metric in a query with the labels it is selected by. */
export interface Selector {
  readonly text: string
  readonly metric: string
  readonly labels: readonly string[]
}

const boardsDir = `${repoRoot}dashboards/grafana`
export const alertsFile = `${repoRoot}config/prometheus/hepgate-alerts.yml`
export const alertTestsFile = `${repoRoot}test/support/prometheus-alerts.yml`

export function boards(): readonly Board[] {
  return readdirSync(boardsDir)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ ...JSON.parse(readFileSync(`${boardsDir}/${file}`, 'utf8')), name: file.slice(0, -5) }))
}

/** Of its panels. */
export function queriesOf({ name, panels, templating }: Board): readonly Query[] {
  const multi = templating.list.some(({ name, multi }) => name === 'instance' && multi)
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr, instant = false }) => ({ name: `${name}, ${title}, ${refId}`, expr, instant, multi })),
  )
}

/** What Grafana fills in for variables; all jobs are chosen. */
export interface Filling {
  /** what Grafana makes a regular expression of: one, or several in `(a|b)` */
  readonly instance: string
  readonly rateInterval: string
  readonly range: string
}

/** A query as Grafana sends it: instances go into a regular expression, so they are escaped, twice. */
export function filled(expr: string, { instance, rateInterval, range }: Filling): string {
  return expr
    .replaceAll('$job', '.+')
    .replaceAll('$instance', instance.replaceAll('.', '\\\\.'))
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
}

export function alertRules(): readonly AlertRule[] {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: AlertRule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

/** What the gateway measures has one of these before its name; `up` and `ALERTS` are Prometheus's own. */
const selector = /\b(?:(?:hepgate|process|nodejs|v8js)_\w+|up|ALERTS)\b(?:\{[^}]*\})?/g
const aggregatedBy = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g

export function selectorsOf(expr: string): readonly Selector[] {
  return Array.from(expr.replace(aggregatedBy, '').matchAll(selector), ([text]) => ({
    text,
    metric: /^\w+/.exec(text)![0],
    labels: Array.from(text.matchAll(/(\w+)\s*[=!]/g), ([, label]) => label!),
  }))
}

/** Labels that the expression aggregates by or joins on. */
export function groupingLabels(expr: string): readonly string[] {
  return Array.from(expr.matchAll(aggregatedBy), ([, list]) => list!.split(','))
    .flat()
    .map((label) => label.trim())
}
