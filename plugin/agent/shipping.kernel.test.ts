import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSandboxObstacle } from './kernel-sandbox.ts';
import { TestAgentNode } from './test-agent-node.ts';
import type { Behaviour } from './test-collector.ts';
import { makeJournalLine } from './test-journal.ts';

const obstacle = findSandboxObstacle();
if (obstacle !== undefined) console.warn(`skipped: ${obstacle}`);

const count = (total: number): string[] => Array.from({ length: total }, (_, place) => `c${place + 1}`);

describe.skipIf(obstacle !== undefined)('what the plugin journals', () => {
  let node: TestAgentNode;

  beforeEach(async () => {
    node = await TestAgentNode.start();
  });
  afterEach(() => node.stop());

  /** Invocations of the real plugin, several at once. @returns when all of them have ended well */
  const startStorm = (containers: readonly string[]): Promise<void> => {
    const lanes = [0, 1, 2].map((lane) => containers.filter((_, place) => place % 3 === lane));
    const script = lanes
      .map((names) => `(${names.map((name) => node.pluginCommand(name)).join(' && ')}) & pids="$pids $!"`)
      .join('\n');
    const path = join(node.sandbox.folder, 'storm.sh');
    writeFileSync(path, `${script}\nfor pid in $pids; do wait $pid || exit 1; done`);
    return node.sandbox.runAside(`sh ${path}`);
  };

  it('arrives once, whatever is killed: agents at random moments, a collector that crashes, hangs and says no', async () => {
    const containers = count(360);
    const env = { PODWIRE_JOURNAL_FILE_BYTES: '20000' };
    const behaviours: readonly Behaviour[] = ['accept', 'crash-after-storing', 'unavailable', 'silent', 'disk-full'];
    let isOver = false;
    const storm = startStorm(containers).finally(() => {
      isOver = true;
    });
    for (let round = 0; !isOver || round < behaviours.length; round += 1) {
      node.startAgent(env);
      node.collector.behaviour = behaviours[round % behaviours.length] ?? 'accept';
      await wait(Math.random() * 700);
      if (round % 3 === 2) {
        await node.collector.crash();
        await wait(Math.random() * 200);
        node.collector.restart();
      }
      await node.killAgent();
    }
    await storm;
    node.collector.behaviour = 'accept';
    node.startAgent(env);
    await node.collector.until(() => new Set(node.receivedContainers).size >= containers.length);
    await node.collector.until(
      () => node.listJournalFiles().filter((name) => name !== 'invocations.ndjson').length === 0,
    );
    expect(node.receivedContainers.sort()).toEqual([...containers].sort());
    expect(node.collector.records.filter(({ type }) => type === 'journal.problem')).toEqual([]);
    expect(node.collector.violations).toEqual([]);
  });

  it('arrives while the state directory has no place left, and again from there when it has', async () => {
    node.sandbox.run(`mount -t tmpfs -o size=100k tmpfs ${node.stateFolder}`);
    node.startAgent();
    node.sandbox.run(node.pluginCommand('before'));
    await node.collector.until(() => node.receivedContainers.includes('before'));
    node.sandbox.run(`dd if=/dev/zero of=${node.stateFolder}/ballast bs=1k 2>/dev/null || true`);
    // The block that the last line ends in takes some more.
    const full = count(30);
    for (const name of full) node.sandbox.run(node.pluginCommand(name));
    expect(node.sandbox.run('cat /run/podwire/journal/invocations.ndjson')).toContain('"containerId":"c30"');
    await node.collector.until(() => node.receivedContainers.includes('c30'));
    await node.killAgent();
    node.sandbox.run(node.pluginCommand('without-an-agent'));
    node.startAgent();
    await node.collector.until(() => node.receivedContainers.includes('without-an-agent'));
    node.sandbox.run(`rm ${node.stateFolder}/ballast`);
    node.sandbox.run(node.pluginCommand('after'));
    await node.collector.until(() => node.receivedContainers.includes('after'));
    expect(node.sandbox.run(`cat ${node.stateFolder}/journal/invocations.ndjson`)).toContain('"containerId":"after"');
    expect(node.receivedContainers.sort()).toEqual(['after', 'before', ...full, 'without-an-agent'].sort());
    expect(node.collector.lastStatus?.journal.droppedLines).toBe(0);
  });

  it('arrives where the state directory is read-only', async () => {
    node.sandbox.run(`mount -t tmpfs -o ro tmpfs ${node.stateFolder}`);
    node.startAgent();
    node.sandbox.run(node.pluginCommand('c1'));
    await node.collector.until(() => node.receivedContainers.includes('c1'));
  });

  it('is counted as lost where neither disk nor memory takes it', async () => {
    node.startAgent();
    await node.collector.until(() => node.collector.lastStatus !== undefined);
    await node.killAgent();
    node.sandbox.run(node.pluginCommand('kept'));
    node.sandbox.run(`
      mkdir -p /run/podwire
      mount -t tmpfs -o size=4k tmpfs /run/podwire
      rm ${node.journalFolder}/invocations.ndjson
      mkdir ${node.journalFolder}/invocations.ndjson
      mkdir -p /run/podwire/journal/invocations.ndjson
      ${node.pluginCommand('lost')} 2>&1 | grep -q 'in no journal'`);
    node.startAgent();
    await node.collector.until(() => node.collector.lastStatus?.journal.droppedLines === 1);
  });

  it('by a plugin that no agent ever relieves stays within bounds, and what went is counted', async () => {
    const big = 'invocations.ndjson';
    node.sandbox.run(node.pluginCommand('c0'));
    for (let generation = 1; generation <= 9; generation += 1) {
      appendFileSync(join(node.journalFolder, big), makeJournalLine(`g${generation}`));
      node.sandbox.run(`truncate -s 32M ${node.journalFolder}/${big}`);
      node.sandbox.run(node.pluginCommand(`c${generation}`));
    }
    const names = node.listJournalFiles();
    // Each is a little more than the eighth part of what all may take.
    expect(names).toHaveLength(7);
    expect(names).not.toContain(big);
    expect(readFileSync(join(node.journalFolder, 'lost'), 'utf8')).toBe('\n0\n3\n2');
  });

  it('with torn, foreign and refused lines among it is told of them by count, and the others arrive', async () => {
    node.collector.refusedIds.add('bad');
    node.journal(...count(20), 'bad', ...count(40).slice(20));
    appendFileSync(join(node.journalFolder, 'invocations.ndjson'), `foreign\n${makeJournalLine('torn').slice(0, 99)}`);
    node.journal('behind-torn');
    writeFileSync(join(node.journalFolder, 'README'), 'not a journal\n');
    node.startAgent();
    const wanted = [...count(40), 'behind-torn'];
    await node.collector.until(() => new Set(node.collector.eventIds).size >= wanted.length);
    expect(node.collector.eventIds).toEqual(wanted);
    const problems = node.collector.records.flatMap((record) => (record.type === 'journal.problem' ? [record] : []));
    expect(problems.map(({ message }) => message.slice(0, 8))).toEqual(['not JSON', '99 bytes']);
    node.journal('later');
    await node.collector.until(() => node.collector.lastStatus?.journal.shippedLines === 42);
    expect(node.collector.lastStatus?.journal).toEqual({
      shippedLines: 42,
      unreadableLines: 2,
      refusedLines: 1,
      droppedLines: 0,
      waitingBytes: 0,
    });
  });

  it('arrives after its folder was deleted under the agent, and after its cursor was damaged', async () => {
    node.journal('a');
    node.startAgent();
    await node.collector.until(() => node.collector.eventIds.includes('a'));
    rmSync(node.journalFolder, { recursive: true });
    node.sandbox.run(node.pluginCommand('b'));
    await node.collector.until(() => node.receivedContainers.includes('b'));
    await node.killAgent();
    writeFileSync(join(node.stateFolder, 'agent', 'cursor.json'), '{"files":[{"inode":');
    node.sandbox.run(node.pluginCommand('c'));
    node.startAgent();
    await node.collector.until(() => node.receivedContainers.includes('c'));
    expect(node.receivedContainers.sort()).toEqual(['b', 'c', 'container-a']);
  });

  it('by a writer that opened the journal just before it was rotated arrives, and the file goes after that', async () => {
    node.journal('a');
    const go = join(node.sandbox.folder, 'go');
    const line = join(node.sandbox.folder, 'line');
    writeFileSync(line, makeJournalLine('late'));
    node.sandbox.run(`(exec 3>>${node.journalFolder}/invocations.ndjson
      while [ ! -e ${go} ]; do sleep 0.05; done
      cat ${line} >&3) >/dev/null 2>&1 &`);
    node.startAgent({ PODWIRE_JOURNAL_FILE_BYTES: '100' });
    await node.collector.until(() => node.collector.eventIds.includes('a'));
    // A heartbeat comes after seconds in which there was nothing to do: the agent looked at the file several times.
    const { length } = node.collector.batches;
    await node.collector.until(() => node.collector.batches.slice(length).some(({ records }) => records.length === 0));
    expect(node.listJournalFiles()).toHaveLength(1);
    // What the kernel sends where a writer comes while the agent asks for it.
    node.sandbox.run(`kill -IO ${node.sandbox.findPids('agent').join(' ')}`);
    writeFileSync(go, '');
    await node.collector.until(() => node.collector.eventIds.includes('late'));
    await node.collector.until(() => node.listJournalFiles().length === 0);
    expect(node.collector.eventIds).toEqual(['a', 'late']);
  });

  it('in a backlog of 100,000 lines arrives without filling the memory of the agent', async () => {
    mkdirSync(node.journalFolder, { recursive: true });
    const total = 100_000;
    const lines = Array.from({ length: total }, (_, place) => makeJournalLine(`e${place}`)).join('');
    writeFileSync(join(node.journalFolder, 'invocations.ndjson'), lines);
    node.startAgent();
    await node.collector.until(() => node.collector.eventIds.length >= total);
    expect(new Set(node.collector.eventIds).size).toBe(total);
    const [pid] = node.sandbox.findPids('agent');
    const peakKb = Number(node.sandbox.run(`sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/${pid}/status`));
    expect(peakKb).toBeGreaterThan(1_000);
    expect(peakKb).toBeLessThan(400 * 1024);
  });
});
