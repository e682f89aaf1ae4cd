/**
 * A capture of all that matches a search, one at a time: it goes on while other views are open. What comes is kept until
 * the gateway ends it, somebody stops it, or the way to the gateway breaks; whatever came until then is saved.
 */
import { signal } from '@preact/signals'
import { query, save, send } from '../net/api.js'
import { toast } from './toasts.js'

export interface CaptureWish {
  readonly search: string
  /** with what comes in so many minutes; undefined: only what is kept */
  readonly minutes: number | undefined
}

export interface RunningCapture extends CaptureWish {
  /** come so far */
  readonly bytes: number
  /** Unix time in ms; undefined: when all that is kept has come */
  readonly until: number | undefined
}

export const runningCapture = signal<RunningCapture | undefined>(undefined)

let stop = new AbortController()

/** Throws ApiError when the gateway gives no capture. */
export async function startCapture(wish: CaptureWish): Promise<void> {
  const { search, minutes } = wish
  const until = minutes === undefined ? undefined : Date.now() + minutes * 60_000
  stop = new AbortController()
  runningCapture.value = { ...wish, bytes: 0, until }
  addEventListener('beforeunload', askBefore)
  try {
    const follow = minutes === undefined ? {} : { follow: true, for: `${minutes}m` }
    await receive(await send('GET', `/pcapng${query({ search, ...follow })}`, { signal: stop.signal }))
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    removeEventListener('beforeunload', askBefore)
    runningCapture.value = undefined
  }
}

/** What has come is saved. */
export function stopCapture(): void {
  stop.abort()
}

async function receive(response: Response): Promise<void> {
  // blobs: the browser may put them on the disk
  const pieces: Blob[] = []
  const reader = response.body!.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(new Blob([next.value]))
      grown(next.value.byteLength)
    }
  } catch {
    if (!stop.signal.aborted) toast('The capture broke off. What came until then is saved.', 'warning')
  }
  save(new Blob(pieces), fileName(new Date()))
}

function grown(bytes: number): void {
  const running = runningCapture.peek()
  if (running !== undefined) runningCapture.value = { ...running, bytes: running.bytes + bytes }
}

/** As the gateway names it. */
function fileName(now: Date): string {
  return `hepgate-${now.toISOString().slice(0, 19).replaceAll(':', '_')}.pcapng`
}

/** Leaving the page would lose it. */
function askBefore(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
