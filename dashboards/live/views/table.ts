/** The one table of views: navigation, keyboard and router use it. A view's code is loaded when it is opened. */
import type { ComponentType } from 'preact'
import type { IconName } from '../ui/icon.js'

export interface View {
  /** as in the hash */
  readonly name: string
  readonly title: string
  /** pressed after g */
  readonly key: string
  readonly icon: IconName
  load(): Promise<{ default: ComponentType }>
}

export const views: readonly View[] = [
  { name: 'overview', title: 'Overview', key: 'o', icon: 'pulse', load: () => import('./overview/index.js') },
  {
    name: 'connections',
    title: 'Connections',
    key: 'c',
    icon: 'plug',
    load: () => import('./connections/index.js'),
  },
  { name: 'calls', title: 'Calls', key: 'k', icon: 'phone', load: () => import('./calls/index.js') },
  { name: 'trace', title: 'Trace', key: 't', icon: 'record', load: () => import('./trace/index.js') },
]
