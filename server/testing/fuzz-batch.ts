import { gzipSync } from 'node:zlib';
import type { JsonObject } from '#model/json.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { buildInvocation, buildPodNamespace, buildSnapshot } from '#model/testing/build-node.ts';
import { mutateJson } from '#model/testing/fuzz/mutate-json.ts';
import { pickOddText, pickOddValue } from '#model/testing/fuzz/odd-values.ts';
import type { SeededRandom } from '#model/testing/fuzz/seeded-random.ts';

/** One body as it goes to `/agent/v1/batches`. */
export type FuzzInput = { readonly what: string; readonly body: Buffer; readonly headers: Record<string, string> };

const GZIP = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
const TIME = '2026-01-01T00:00:00.000Z';
const MEBIBYTE = 2 ** 20;

/** Makes bodies that an agent could send, and damages most of them; the same seed gives the same bodies. */
export class BatchFuzzer {
  readonly #random: SeededRandom;
  readonly #sequences = new Map<string, number>();
  readonly #sent: FuzzInput[] = [];
  #events = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): FuzzInput {
    const input = this.#make();
    if (input.body.length < 20_000) this.#sent[this.#random.index(200)] = input;
    return input;
  }

  #make(): FuzzInput {
    const random = this.#random;
    const kind = random.fraction();
    if (kind < 0.1) return this.#pack('whole', this.#header(), this.#records());
    if (kind < 0.55)
      return this.#pack(
        'record',
        this.#header(),
        this.#records().map((each) => this.#mutate(each)),
      );
    if (kind < 0.65) return this.#pack('header', mutateJson(random, this.#header()), this.#records());
    if (kind < 0.75) return this.#damageText();
    if (kind < 0.81) return this.#damageBytes();
    if (kind < 0.86) return this.#replay();
    if (kind < 0.91) return this.#pack('order', this.#header(this.#oddSequence()), this.#records());
    if (kind < 0.94) return this.#pack('header only', this.#header(), []);
    if (kind < 0.97) return this.#wrongEnvelope();
    return random.isTrue(0.1) ? this.#huge() : this.#pack('odd', this.#header(), [pickOddValue(random)]);
  }

  #header(given: JsonObject = {}): JsonObject {
    const node = `fuzz-${this.#random.index(3)}`;
    // Two boots of an agent that take turns, as two agents of one name would.
    const bootId = `boot-${this.#random.isTrue(0.9) ? 0 : this.#random.index(3)}`;
    const sequence = (this.#sequences.get(node + bootId) ?? 0) + 1;
    this.#sequences.set(node + bootId, sequence);
    return { protocol: 1, node, bootId, sequence, agentVersion: '0.1.0', sentAt: TIME, ...given };
  }

  #oddSequence(): JsonObject {
    const sequence = this.#random.pick([1, 2, 7, 99_999, 2 ** 31, Number.MAX_SAFE_INTEGER, 0, -1, 1.5]);
    return { sequence, bootId: this.#random.pick(['boot-0', 'boot-1', 'boot-2']) };
  }

  #records(): readonly JsonObject[] {
    return Array.from({ length: 1 + this.#random.index(4) }, () => this.#record() as unknown as JsonObject);
  }

  #record(): BatchRecord {
    const random = this.#random;
    const node = `fuzz-${random.index(3)}`;
    const pod = 1 + random.index(4);
    switch (random.index(9)) {
      case 0:
        return { type: 'kernel.snapshot', snapshot: buildSnapshot([pod], 1 + random.index(5), node) };
      case 1: {
        const head = { node, bootId: 'boot-1', time: TIME, sequence: 1 + random.index(6) };
        const changes = random.pick([
          [{ type: 'namespace.put' as const, namespace: buildPodNamespace(pod) }],
          [{ type: 'namespace.remove' as const, namespaceId: buildPodNamespace(pod).id }],
          [
            {
              type: 'namespace.change' as const,
              namespaceId: buildPodNamespace(pod).id,
              put: {},
              remove: { links: ['1'] },
            },
          ],
        ]);
        return { type: 'kernel.delta', delta: { ...head, changes: [...changes] } };
      }
      case 2:
        return { type: 'journal.problem', file: 'journal-1', offset: random.index(1e6), message: 'torn' };
      case 3:
        return { type: 'agent.status', status: buildStatus(random.index(1e6)) };
      case 4:
        return { type: 'agent.findings', findings: [buildFinding(random.index(5))] };
      case 5:
        return { type: 'drift', drift: buildDrift(random.index(1e6)) };
      case 6:
        return { type: 'command.result', result: { id: 'nobody-asked', outcome: 'answered' } };
      default: {
        this.#events += 1;
        // Every seventh takes the id of an earlier one, with other content.
        const id = random.isTrue(0.15) ? `e${1 + random.index(this.#events)}` : `e${this.#events}`;
        return {
          type: 'invocation',
          event: buildInvocation(random.pick(['ADD', 'DEL']), pod, { id, fails: random.isTrue(0.3) }),
        };
      }
    }
  }

  #mutate(record: JsonObject): JsonObject {
    return this.#random.isTrue(0.6) ? mutateJson(this.#random, record) : record;
  }

  #write(header: unknown, records: readonly unknown[]): string {
    return `${[header, ...records].map((line) => JSON.stringify(line)).join('\n')}\n`;
  }

  #pack(what: string, header: unknown, records: readonly unknown[]): FuzzInput {
    return { what, body: gzipSync(this.#write(header, records), { level: 1 }), headers: GZIP };
  }

  #damageText(): FuzzInput {
    const random = this.#random;
    const text = this.#write(this.#header(), this.#records());
    const at = random.index(text.length);
    const damaged = random.pick([
      text.slice(0, at),
      text.slice(at),
      `${text.slice(0, at)}${pickOddText(random)}${text.slice(at)}`,
      text.replaceAll('\n', random.pick(['\r\n', '\n\n', ' ', '\u2028'])),
      `\ufeff${text}`,
      text.replace(/:\d+/, `:${random.pick(['1e999', '-1', '9'.repeat(400), '00', '0x1', '1.'])}`),
      text.replace('{', '{"node":"other","protocol":2,'),
      '['.repeat(random.pick([10, 2_000, 100_000])),
      random.pick(['', '\n', 'null', '[]', '{}', '0', '"x"', '\n\n\n']),
    ]);
    const bytes = Buffer.concat([Buffer.from(damaged), Buffer.from(random.isTrue(0.2) ? [0xff, 0xc0, 0] : [])]);
    return random.isTrue(0.5)
      ? { what: 'text', body: gzipSync(bytes, { level: 1 }), headers: GZIP }
      : { what: 'plain text', body: bytes, headers: { 'content-type': GZIP['content-type'] } };
  }

  #damageBytes(): FuzzInput {
    const random = this.#random;
    const { body } = this.#pack('', this.#header(), this.#records());
    const at = random.index(body.length);
    const flipped = Buffer.from(body);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.index(8));
    const damaged = random.pick([body.subarray(0, at), flipped, Buffer.concat([body, body]), Buffer.alloc(at, at)]);
    return { what: 'bytes', body: damaged, headers: GZIP };
  }

  #replay(): FuzzInput {
    const known = this.#sent.filter((each) => each !== undefined);
    return known.length === 0 ? this.#pack('whole', this.#header(), []) : this.#random.pick(known);
  }

  #wrongEnvelope(): FuzzInput {
    const random = this.#random;
    const { body } = this.#pack('', this.#header(), this.#records());
    const headers = random.pick<Record<string, string>>([
      { 'content-type': 'application/json' },
      {},
      { ...GZIP, 'content-encoding': random.pick(['br', 'deflate', 'zstd', 'gzip, gzip', 'x']) },
      { 'content-type': GZIP['content-type'] },
    ]);
    return { what: 'envelope', body, headers };
  }

  #huge(): FuzzInput {
    const random = this.#random;
    const size = MEBIBYTE * (1 + random.index(4));
    const record = this.#record() as unknown as JsonObject;
    const huge = random.pick<unknown>([
      { ...record, padding: 'x'.repeat(size) },
      { type: 'journal.problem', file: 'f', offset: 1, message: 'é'.repeat(size / 2) },
      { type: 'agent.findings', findings: Array.from({ length: 2_000 }, (_, index) => buildFinding(index)) },
    ]);
    return random.isTrue(0.1)
      ? { what: 'bomb', body: gzipSync(Buffer.alloc(129 * MEBIBYTE), { level: 1 }), headers: GZIP }
      : this.#pack('huge', this.#header(), [huge]);
  }
}

const buildStatus = (count: number) => ({
  resyncs: count,
  corrections: 0,
  notificationOverflows: 0,
  interruptedDumps: 0,
  foldedChanges: 0,
  droppedDrifts: 0,
  refusedReports: count,
  journal: { shippedLines: count, unreadableLines: 0, refusedLines: 0, droppedLines: 0, waitingBytes: 0 },
  rssBytes: 1,
});

const buildFinding = (number: number) => ({
  id: `rule/${number}`,
  rule: 'rule',
  severity: 'warning' as const,
  title: 'something',
  evidence: ['a record'],
  since: TIME,
});

const buildDrift = (number: number) => ({
  id: `drift-${number}`,
  time: TIME,
  kind: 'route' as const,
  object: '10.240.1.0/24',
  found: 'missing' as const,
  outcome: 'repaired' as const,
});
