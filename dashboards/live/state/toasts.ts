/** Short notices at the edge of the page: what was done, and what went wrong. */
import { signal } from '@preact/signals'
import { ApiError } from '../net/api.js'

export type ToastTone = 'good' | 'warning' | 'bad' | 'info'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: ToastTone
}

export const toasts = signal<readonly Toast[]>([])

const shownMs = 6000
/** bad news stays longer: it has to be read, not noticed */
const badShownMs = 12_000
let nextId = 1

export function toast(text: string, tone: ToastTone = 'good'): void {
  const id = nextId++
  toasts.value = [...toasts.value.slice(-3), { id, text, tone }]
  setTimeout(() => dismiss(id), tone === 'bad' ? badShownMs : shownMs)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

/** Says why something could not be done. `what`: "Closing the connection failed" */
export function toastError(what: string, error: unknown): void {
  toast(`${what}: ${error instanceof ApiError ? error.detail : String(error)}`, 'bad')
}
