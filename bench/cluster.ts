import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findObstacle } from '#e2e/cluster/find-obstacle.ts';
import { installBridge } from '#e2e/cluster/podwire/node-network.ts';
import { startPodwiredCluster, waitUntilReady } from '#e2e/cluster/podwire/podwired-cluster.ts';
import { providePrograms } from '#e2e/cluster/provide-programs.ts';
import { runOrThrow } from '#lab/run-command.ts';
import { describeMachine } from './describe-machine.ts';
import { formatPodReport } from './format-pod-report.ts';
import { measurePods, type PodBenchSize } from './measure-pods.ts';
import type { PodMeasurement } from './pod-measurement.ts';
import { replaceSection } from './replace-section.ts';

const REFERENCE_PLUGINS = ['bridge', 'host-local'].map((name) => `/usr/lib/cni/${name}`);

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * `npm run bench -- cluster [--rounds 8] [--pods 5] [--crowd 40] [--write]`
 *
 * On a real two-node Kubernetes: how long pods take with Podwire and with the reference plugins, in the same run. Answers the exit code.
 * `--write` puts the report into docs/performance.md.
 */
export async function runClusterBench(args: readonly string[]): Promise<number> {
  const { values: options } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '8' },
      pods: { type: 'string', default: '5' },
      crowd: { type: 'string', default: '40' },
      write: { type: 'boolean', default: false },
    },
  });
  const obstacle = await findObstacle();
  if (obstacle !== undefined) {
    say(`no real cluster here: ${obstacle}`);
    return 1;
  }
  await providePrograms(say);
  const machine = describeMachine();
  const report = formatPodReport(
    await measureOnCluster({
      rounds: Number(options.rounds),
      podsPerRound: Number(options.pods),
      crowd: Number(options.crowd),
    }),
  );
  process.stdout.write(`${machine}\n\n${report}\n`);
  if (options.write) {
    const path = resolve(import.meta.dirname, '../docs/performance.md');
    const sizes = `--rounds ${options.rounds} --pods ${options.pods} --crowd ${options.crowd}`;
    const section = `\`npm run bench -- cluster ${sizes} --write\` on ${machine}:\n\n${report}`;
    writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), 'bench:cluster', section));
  }
  return 0;
}

async function measureOnCluster(size: PodBenchSize): Promise<PodMeasurement> {
  await using cluster = await startPodwiredCluster();
  await installBridge(cluster);
  for (const node of cluster.nodes) await runOrThrow([...node.enter, 'cp', ...REFERENCE_PLUGINS, '/opt/cni/bin/']);
  await waitUntilReady(cluster);
  return await measurePods(cluster, size, say);
}
