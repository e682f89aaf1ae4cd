/**
 * Bundles the dashboard: hashed names, one chunk for each view, every file also as .br and .gz, so that the gateway
 * sends bytes and compresses nothing. It never fetches anything.
 *
 *     node dashboards/live/build.mjs [[--out] FOLDER]      (default: dist/dashboards/live)
 *
 * The folder is emptied first, so it must be a new one, an empty one, or one with a dashboard in it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const out = folder()
if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, 'index.html'))) {
  refuse(`${out} holds something else than a dashboard`)
}

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { app: 'main.tsx', style: 'styles/index.css' },
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  // not named in the files: a browser asks for them only when somebody looks
  sourcemap: 'external',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  metafile: true,
  logLevel: 'warning',
})

/** The name an entry point got. */
function built(entryPoint) {
  const [name] = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entryPoint)
  return basename(name)
}

const page = readFileSync(join(here, 'index.html'), 'utf8')
  .replace('main.tsx', built('main.tsx'))
  .replace('styles/index.css', built('styles/index.css'))
writeFileSync(join(out, 'index.html'), page)
writeFileSync(join(out, 'icon.svg'), readFileSync(join(here, 'icon.svg')))

const sizes = readdirSync(out)
  .filter((name) => !name.endsWith('.map'))
  .map((name) => {
    const bytes = readFileSync(join(out, name))
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
    writeFileSync(join(out, `${name}.br`), brotli)
    writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }))
    return { name, bytes: bytes.length, brotli: brotli.length }
  })

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9)
for (const { name, bytes, brotli } of sizes) {
  console.log(`${kilobytes(bytes)} ${kilobytes(brotli)} br  ${name}`)
}
console.log(`dashboard: ${sizes.length} files in ${relative(process.cwd(), out) || '.'}`)

/** As the command line names it, from where it was started. */
function folder() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } })
    const [given, ...more] = values.out === undefined ? positionals : [values.out, ...positionals]
    if (more.length > 0) refuse(`one folder is enough: ${more.join(' ')}`)
    return resolve(given ?? join(here, '../../dist/dashboards/live'))
  } catch (error) {
    refuse(error.message)
  }
}

function refuse(why) {
  console.error(`build.mjs: ${why}\nusage: node dashboards/live/build.mjs [[--out] FOLDER]`)
  process.exit(2)
}
