import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CniVerb, InvocationEvent } from '#model/cni/invocation-event.ts';
import { type Contender, describeCollected, listContenders, listCrowdPairs, profiledId } from './contenders.ts';
import { measureCrowd } from './measure-crowd.ts';
import { measureGarbage } from './measure-garbage.ts';
import type { ContenderMeasurement, ParallelMeasurement, PluginMeasurement } from './plugin-measurement.ts';
import { createNamespaces, locateTarget, removeNamespaces, requireSuccess } from './pod-namespaces.ts';
import { profileSteps } from './profile-steps.ts';
import { type CniRun, runCniVerb, startCniVerb } from './run-cni-verb.ts';

/**
 * The inner half of the benchmark. Runs as root of its own user, network and mount namespace (see plugin.ts), measures
 * every contender in turn and prints one PluginMeasurement as JSON.
 */

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string' },
    parallel: { type: 'string' },
    podwire: { type: 'string' },
    reference: { type: 'string' },
    bash: { type: 'string' },
    empty: { type: 'string' },
  },
});

const warmUpRounds = 3;
const crowdPods = 250;
const crowdRounds = 40;
const garbageAttachments = 100;
const garbageRounds = 3;

/** What is left of an attachment after DEL must not slow down who comes next. The bash plugin leaves its link. */
function clearAttachment(name: string): void {
  spawnSync('ip', ['-n', name, 'link', 'del', 'eth0'], { stdio: 'ignore' });
}

/** On a node the runtime has the network from a file, and Podwire looks for that file. */
function placeConfiguration({ id, configuration, environment }: Contender): void {
  const { PODWIRE_CONF_DIR: directory } = environment;
  if (directory === undefined) return;
  const { name, cniVersion, ...plugin } = configuration;
  mkdirSync(directory);
  writeFileSync(join(directory, `10-${id}.conflist`), JSON.stringify({ name, cniVersion, plugins: [plugin] }));
}

type Durations = { readonly addMs: number[]; readonly delMs: number[] };

function measureAlone(contenders: readonly Contender[], rounds: number) {
  const durations = new Map<string, Durations>(contenders.map(({ id }) => [id, { addMs: [], delMs: [] }]));
  const floorMs: number[] = [];
  const emptyMs: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const names = contenders.map(({ id }) => `r${round + warmUpRounds}-${id}`);
    createNamespaces(names);
    for (const [executable, durationsMs] of [
      ['/bin/true', floorMs] as const,
      [options.empty ?? '', emptyMs] as const,
    ]) {
      const startMs = performance.now();
      spawnSync(executable, { input: '' });
      if (round >= 0) durationsMs.push(performance.now() - startMs);
    }
    for (const [place, contender] of contenders.entries()) {
      const target = locateTarget(names[place] ?? '');
      const addMs = requireSuccess(contender, 'ADD', runCniVerb(contender, 'ADD', target));
      const delMs = requireSuccess(contender, 'DEL', runCniVerb(contender, 'DEL', target));
      clearAttachment(target.containerId);
      if (round < 0) continue;
      durations.get(contender.id)?.addMs.push(addMs);
      durations.get(contender.id)?.delMs.push(delMs);
    }
    removeNamespaces(names);
    if (round % 25 === 24) tellProgress(`${round + 1} of ${rounds} rounds`);
  }
  return { durations, floorMs, emptyMs };
}

/** The journal has one line for each run, in the same order. */
function readProfiles(stateDirectory: string, durations: Durations | undefined): PluginMeasurement['profiles'] {
  const text = readFileSync(join(stateDirectory, profiledId, 'journal/invocations.ndjson'), 'utf8');
  const events = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as InvocationEvent);
  const profile = (verb: CniVerb, wallMs: readonly number[]) => {
    const measured = events.filter(({ data }) => data.verb === verb).slice(-wallMs.length);
    return profileSteps(measured.map(({ data }, place) => ({ ...data, wallMs: wallMs[place] ?? 0 })));
  };
  return { add: profile('ADD', durations?.addMs ?? []), del: profile('DEL', durations?.delMs ?? []) };
}

function readAddresses(run: CniRun): readonly string[] {
  if (run.exitCode !== 0) return [];
  const result: { ips?: readonly { address: string }[] } = JSON.parse(run.stdout);
  return (result.ips ?? []).map(({ address }) => address);
}

/** All at once, as after a node's start. Everything is deleted again, one after the other and not timed. */
async function measureParallel(contender: Contender, requested: number): Promise<ParallelMeasurement> {
  const names = Array.from({ length: requested }, (_, place) => `p${place}-${contender.id}`);
  createNamespaces(names);
  const targets = names.map(locateTarget);
  const startMs = performance.now();
  const runs = await Promise.all(targets.map((target) => startCniVerb(contender, 'ADD', target)));
  const elapsedMs = performance.now() - startMs;
  const firstFailure = runs.find(({ exitCode }) => exitCode !== 0);
  if (firstFailure !== undefined) {
    process.stderr.write(`  ${contender.title}: ${firstFailure.stdout.trim()} ${firstFailure.stderr.trim()}\n`);
  }
  for (const target of targets) runCniVerb(contender, 'DEL', target);
  removeNamespaces(names);
  return {
    requested,
    succeeded: runs.filter(({ exitCode }) => exitCode === 0).length,
    distinctAddresses: new Set(runs.flatMap(readAddresses)).size,
    elapsedMs,
  };
}

async function measure(stateDirectory: string): Promise<PluginMeasurement> {
  const rounds = Number(options.rounds);
  const paths = {
    podwire: options.podwire ?? '',
    referenceDirectory: options.reference ?? '',
    bashPlugin: options.bash ?? '',
    stateDirectory,
  };
  const contenders = listContenders(paths);
  for (const contender of contenders) placeConfiguration(contender);
  const { durations, floorMs, emptyMs } = measureAlone(contenders, rounds);
  const profiles = readProfiles(stateDirectory, durations.get(profiledId));
  const measured: ContenderMeasurement[] = [];
  for (const contender of contenders) {
    tellProgress(`${options.parallel} at once: ${contender.title}`);
    const parallel = await measureParallel(contender, Number(options.parallel));
    const { id, title, rivalId } = contender;
    const { addMs, delMs } = durations.get(id) ?? { addMs: [], delMs: [] };
    measured.push({ id, title, rivalId, addMs, delMs, parallel });
  }
  const crowds = listCrowdPairs(paths).map((pair) => {
    tellProgress(`${crowdPods} pods on the bridge: ${pair.crowded.title}`);
    return measureCrowd(pair, { pods: crowdPods, rounds: crowdRounds });
  });
  tellProgress(`${garbageAttachments} left-over attachments`);
  const garbage = measureGarbage(describeCollected(paths), {
    attachments: garbageAttachments,
    rounds: garbageRounds,
  });
  return { rounds, floorMs, emptyMs, contenders: measured, crowds, garbage, profiles };
}

function tellProgress(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
execFileSync('ip', ['link', 'set', 'lo', 'up']);
const stateDirectory = mkdtempSync(join(tmpdir(), 'podwire-bench-'));
try {
  process.stdout.write(JSON.stringify(await measure(stateDirectory)));
} finally {
  rmSync(stateDirectory, { recursive: true, force: true });
}
