/**
 * Where the person is, as the hash says: `#/connections?search=…&id=…`. The first segment names the view, the rest is
 * the view's own. A new view is a folder `views/<name>/index.tsx` whose default export is a component without props, a line
 * in views/table.ts, and, if it has styles, a line in styles/index.css.
 */
import { computed, signal } from '@preact/signals'

export interface Route {
  /** name of a view, `overview` for the empty path */
  readonly view: string
  readonly params: URLSearchParams
}

export type Params = Readonly<Record<string, string | undefined>>

const hash = signal(location.hash)
addEventListener('hashchange', () => {
  hash.value = location.hash
})

export const route = computed<Route>(() => {
  const [path = '', search = ''] = hash.value.replace(/^#\/?/, '').split('?', 2)
  return { view: path === '' ? 'overview' : path, params: new URLSearchParams(search) }
})

/** The value of one parameter of the route; a component that reads it is drawn again when it changes. */
export function param(name: string): string | undefined {
  return route.value.params.get(name) ?? undefined
}

/** The address of a view. Parameters that are undefined or empty are left out. */
export function href(view: string, params: Params = {}): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '')
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  return `#/${view === 'overview' ? '' : view}${search}`
}

export function go(view: string, params?: Params): void {
  location.hash = href(view, params)
}

/** Changes parameters and stays in the view. `replace`: not a step of the history, for a text that is being typed. */
export function setParams(changes: Params, { replace = false } = {}): void {
  const { view, params } = route.value
  const address = href(view, { ...Object.fromEntries(params), ...changes })
  if (!replace) {
    location.hash = address
    return
  }
  window.history.replaceState(null, '', address)
  hash.value = address
}
