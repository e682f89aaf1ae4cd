/** The file of a running gateway changed by its operator, and taken over by a reload. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { configFile, type GatewayProcess } from './gateway-process.js'

/** sections as the test wrote them; parts that it left out are not there */
export type FileSections = Record<string, Record<string, unknown>>

/** Sees that the reload takes all of it over. */
export async function reconfigure(gateway: GatewayProcess, change: (config: FileSections) => void): Promise<void> {
  changeFile(gateway, change)
  const answer = await fetch(`${gateway.apiUrl}/api/v1/reload`, { method: 'POST' })
  assert.deepEqual(await answer.json(), { ok: true, notes: [] })
}

/** For the next start. */
export function changeFile({ dir }: GatewayProcess, change: (config: FileSections) => void): void {
  const config = JSON.parse(readFileSync(configFile(dir), 'utf8')) as FileSections
  change(config)
  writeFileSync(configFile(dir), JSON.stringify(config))
}
