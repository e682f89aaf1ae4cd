/**
 * Bundles the dashboard into dist/dashboards/live: hashed names, one chunk for each view, every file also as .br and
 * .gz, so that the gateway sends bytes and compresses nothing. It never fetches anything. `node build.mjs [folder]`
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const out = process.argv[2] ?? fileURLToPath(new URL('../../dist/dashboards/live', import.meta.url))

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
  // the filter editor offers the variables of the gateway's own table, which reads addresses
  alias: { 'node:net': './views/trace/editor/no-net.ts' },
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
