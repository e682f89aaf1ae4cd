/** The version of this hepgate, from its package.json. */
import { existsSync, readFileSync } from 'node:fs'

let known: string | undefined

export function version(): string {
  known ??= JSON.parse(readFileSync(packageFile(), 'utf8')).version as string
  return known
}

/** One folder above dist/ when installed, further up when compiled with the tests. */
function packageFile(): URL {
  let file = new URL('../package.json', import.meta.url)
  while (!existsSync(file)) {
    const above = new URL('../package.json', file)
    if (above.href === file.href) throw new Error('package.json of hepgate is missing')
    file = above
  }
  return file
}
