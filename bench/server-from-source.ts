import { runCli } from '../app/cli.ts'

/** What bin/prahari.mjs does, without building first. */
process.exitCode = await runCli(process.argv)
