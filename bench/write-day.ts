import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { EntryBody } from '#model/log/log-entry.ts';
import type { RecordedNode } from './record-node.ts';
import { describePod, repeatInvocation, reverseInvocation, type VariedNode, varyNode } from './vary-node.ts';

const HEARTBEAT_MS = 3_000;
/** Every pod is made anew this often. */
const POD_LIFE_MS = 3_600_000;

export type Day = { readonly fromMs: number; readonly toMs: number; readonly nodes: number };

type Line = { readonly atMs: number; readonly stream: string; readonly body: EntryBody };

/**
 * A day of a small, busy cluster in a data folder, written by the server's own code with a clock of its own: heartbeats every
 * 3 s, every pod replaced once an hour, each time with DEL, ADD and the kernel's changes. Answers the number of entries.
 */
export async function writeDay(recorded: RecordedNode, folder: string, day: Day): Promise<number> {
  const script = join(resolve(import.meta.dirname, '..'), 'server/testing/write-history.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'close');
  let entries = 0;
  for (const line of listDay(recorded, day)) {
    entries += 1;
    if (!child.stdin.write(`${JSON.stringify(line)}\n`)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`the day was not written: ${code}`);
  return entries;
}

function* listDay(recorded: RecordedNode, day: Day): Generator<Line> {
  const nodes = Array.from({ length: day.nodes }, (_, place) => varyNode(recorded, place));
  for (const node of nodes) yield* beginNode(node, day.fromMs);
  const stepMs = POD_LIFE_MS / (nodes[0]?.adds.length ?? 1);
  const sequences = new Map(nodes.map((node) => [node.name, node.snapshot.sequence]));
  let turn = 0;
  let beatMs = day.fromMs + HEARTBEAT_MS;
  for (let atMs = day.fromMs + 1_000; atMs < day.toMs; atMs += stepMs, turn += 1) {
    for (; beatMs < atMs; beatMs += HEARTBEAT_MS) {
      for (const { name } of nodes) {
        yield { atMs: beatMs, stream: name, body: { type: 'agent.hello', bootId: `boot-${name}`, version: '0.1.0' } };
      }
    }
    for (const node of nodes) {
      const sequence = (sequences.get(node.name) ?? 0) + 1;
      sequences.set(node.name, sequence + 1);
      yield* replacePod(node, { atMs, turn, sequence });
    }
  }
}

function* beginNode(node: VariedNode, atMs: number): Generator<Line> {
  const { name: stream, snapshot } = node;
  const facts = { name: stream, uid: stream, internalIps: [], podCidrs: [node.podCidr], roles: [] };
  yield { atMs, stream, body: { type: 'cluster.put', fact: { kind: 'node', object: facts } } };
  yield { atMs, stream, body: { type: 'agent.hello', bootId: snapshot.bootId, version: '0.1.0' } };
  yield { atMs, stream, body: { type: 'kernel.snapshot', snapshot } };
  for (const add of node.adds) {
    yield { atMs, stream, body: { type: 'cluster.put', fact: { kind: 'pod', object: describePod(add, stream) } } };
    yield { atMs, stream, body: { type: 'invocation', event: repeatInvocation(add, new Date(atMs)) } };
  }
}

/** A pod goes and comes again: two invocations, and the change of its namespace and back, as the agent tells it. */
function* replacePod(
  node: VariedNode,
  { atMs, turn, sequence }: { readonly atMs: number; readonly turn: number; readonly sequence: number },
): Generator<Line> {
  const add = node.adds[turn % node.adds.length];
  const namespace = node.snapshot.namespaces.find((each) => each.id === add?.data.netnsId);
  if (add === undefined || namespace === undefined) throw new Error('the recorded pod has no namespace');
  const { name: stream } = node;
  const time = new Date(atMs).toISOString();
  const delta = { node: stream, bootId: node.snapshot.bootId, time };
  const removed = { type: 'namespace.remove', namespaceId: namespace.id } as const;
  const made = { type: 'namespace.put', namespace } as const;
  yield { atMs, stream, body: { type: 'invocation', event: reverseInvocation(add, new Date(atMs)) } };
  yield { atMs, stream, body: { type: 'kernel.delta', delta: { ...delta, sequence, changes: [removed] } } };
  yield { atMs, stream, body: { type: 'invocation', event: repeatInvocation(add, new Date(atMs)) } };
  yield { atMs, stream, body: { type: 'kernel.delta', delta: { ...delta, sequence: sequence + 1, changes: [made] } } };
}
