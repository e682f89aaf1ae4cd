/**
 * The API token of this tab. Kept for the tab, or in this browser if the person said so; it never goes anywhere
 * but into the Authorization header of this gateway.
 */
import { signal } from '@preact/signals'

const key = 'hepgate-token'

const stored = sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? undefined

/** undefined: none, which is enough on loopback without configured tokens */
export const token = signal<string | undefined>(stored)

/** Set while the gateway waits for a token: what it said. The token dialog is open then. */
export const asked = signal<string | undefined>(undefined)

let waiting: (() => void)[] = []

/** Resolves when the person has given a token. */
export function askForToken(why: string): Promise<void> {
  asked.value = why
  return new Promise((resolve) => waiting.push(resolve))
}

export function signIn(value: string, remember: boolean): void {
  signOut()
  ;(remember ? localStorage : sessionStorage).setItem(key, value)
  token.value = value
  asked.value = undefined
  const resumed = waiting
  waiting = []
  for (const resume of resumed) resume()
}

export function signOut(): void {
  sessionStorage.removeItem(key)
  localStorage.removeItem(key)
  token.value = undefined
}

export function authorization(): Record<string, string> {
  return token.value === undefined ? {} : { authorization: `Bearer ${token.value}` }
}
