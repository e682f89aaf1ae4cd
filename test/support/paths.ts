/** Where things are, seen from a compiled test (build…/test/<kind>/…). */
import { fileURLToPath } from 'node:url'

export const repoRoot = fileURLToPath(new URL('../../../', import.meta.url))
export const vectorsDir = `${repoRoot}test/wire/vectors`
