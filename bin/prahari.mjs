#!/usr/bin/env node
// The command line. It runs compiled JavaScript from dist/, built here first when sources are newer.
// Plain syntax until the version is known: an older Node must reach the message below.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Prahari needs Node.js 20.19 or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}

const { buildWhatIsStale, BuildError } = await import('./build.mjs')
try {
  await buildWhatIsStale()
} catch (error) {
  process.stderr.write(`${error instanceof BuildError ? error.message : error.stack}\n`)
  process.exit(1)
}
const { runCli } = await import('../dist/app/cli.js')
const code = await runCli(process.argv)
// What was printed leaves first; whatever a failed command left open does not keep the process.
process.stdout.write('', () => process.exit(code))
