import type { Command } from 'commander'
import { benches, runBenches } from '../../bench/run.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Terminal } from '../terminal.ts'

interface BenchOptions {
  readonly quick?: true
  readonly seed: string
  readonly results: string
}

export function addBench(program: Command, terminal: Terminal): void {
  program
    .command('bench')
    .description('measure this machine: start servers of its own, load them, print tables')
    .argument('[names...]', 'which benchmarks; all of them when none is named')
    .option('--quick', 'short runs and small stores: to see that a benchmark works, not to quote it')
    .option('--seed <number>', 'the same seed sends the same load', '1')
    .option('--results <dir>', 'where results and the servers’ data go; must be on a real disk', 'bench-results')
    .addHelpText(
      'after',
      `
Benchmarks:
${benches.map(({ id, title }) => `  ${id.padEnd(16)} ${title}`).join('\n')}

Exit code 0 when every target is met, 1 when one is not. Nothing else should run on the machine meanwhile.

Examples:
  prahari bench
  prahari bench ${benches[0]?.id} --quick
  prahari bench kill --seed 7`,
    )
    .action((names: string[], options: BenchOptions) => bench(terminal, names, options))
}

async function bench(terminal: Terminal, names: readonly string[], options: BenchOptions): Promise<void> {
  if (!/^\d{1,9}$/.test(options.seed)) throw new AppError('invalid', 'bad-option', '--seed must be a whole number')
  const isMet = await runBenches({
    only: names,
    isQuick: options.quick ?? false,
    seed: Number(options.seed),
    resultsDir: options.results,
    out: terminal.out,
    say: terminal.err,
  })
  if (!isMet) throw new AppError('internal', 'target-missed', 'a target was not met; see the tables')
}
