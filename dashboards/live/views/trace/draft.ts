/**
 * The filter that is there, and the text being edited: kept while other views are open, so that nobody loses a filter
 * by looking something up. It is only in this page until it is applied.
 */
import { computed, signal } from '@preact/signals'
import { api } from '../../net/api.js'

/** `FilterView` of base/ports.ts as it goes over the wire */
export interface FilterView {
  readonly name?: string
  readonly source?: 'config' | 'api'
  readonly text?: string
}

/** undefined: not known yet */
export const filter = signal<FilterView | undefined>(undefined)
/** `revision` grows when the text comes from elsewhere than the editor */
export const draft = signal({ text: '', revision: 0 })

export const configured = computed(() => filter.value?.text ?? '')
export const changed = computed(() => draft.value.text !== configured.value)

export function typed(text: string): void {
  draft.value = { ...draft.value, text }
}

export function write(text: string): void {
  draft.value = { text, revision: draft.value.revision + 1 }
}

/** Takes over the filter of the gateway; a text that is being edited stays. */
export function take(view: FilterView): void {
  const untouched = !changed.value
  filter.value = view
  if (untouched) write(view.text ?? '')
}

export async function loadFilter(): Promise<void> {
  take(await api.get<FilterView>('/trace/filter'))
}
