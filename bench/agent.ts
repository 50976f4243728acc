import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AgentMeasurement } from './agent-measurement.ts';
import { describeMachine } from './describe-machine.ts';
import { formatAgentReport } from './format-agent-report.ts';
import { replaceSection } from './replace-section.ts';

/**
 * `npm run bench -- agent [--pods 250] [--idle 60] [--changes 200] [--readings 20] [--write]`
 *
 * Measures `podwire agent` on a node with many pods, in a throw-away world (user, network, mount and pid namespace), and in
 * the same run what `ip -j` and `bridge -j` cost to read the same. Returns the exit code. `--write` puts the report into
 * docs/performance.md.
 */
export function runAgentBench(args: readonly string[]): number {
  const { values: options } = parseArgs({
    args: [...args],
    options: {
      pods: { type: 'string', default: '250' },
      idle: { type: 'string', default: '60' },
      changes: { type: 'string', default: '200' },
      readings: { type: 'string', default: '20' },
      write: { type: 'boolean', default: false },
    },
  });
  const root = resolve(import.meta.dirname, '..');
  const podwire = resolve(root, 'dist/podwire');
  if (!existsSync(podwire)) {
    process.stderr.write(`${podwire} is missing: npm run build\n`);
    return 1;
  }
  const machine = describeMachine();
  const world = spawnSync(
    'unshare',
    [
      ...['-Urnm', '-p', '-f', '--kill-child', '--mount-proc', '--propagation', 'private'],
      ...[process.execPath, fileURLToPath(import.meta.resolve('./agent-world.ts')), '--podwire', podwire],
      ...['--pods', options.pods, '--idle', options.idle, '--changes', options.changes, '--readings', options.readings],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (world.status !== 0) throw new Error(`the measuring process ended with ${world.status ?? world.signal}`);
  const measurement: AgentMeasurement = JSON.parse(world.stdout);
  const report = formatAgentReport(measurement);
  process.stdout.write(`${machine}\n\n${report}\n`);
  if (options.write) {
    const path = resolve(root, 'docs/performance.md');
    const { pods, idle, changes, readings } = options;
    const command = `npm run bench -- agent --pods ${pods} --idle ${idle} --changes ${changes} --readings ${readings} --write`;
    const section = `\`${command}\` on ${machine}:\n\n${report}`;
    writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), 'bench:agent', section));
  }
  return 0;
}
