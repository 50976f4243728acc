import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { type JournalReading, JournalTail } from './journal-tail.ts';
import type { JournalLimits } from './read-journal-file.ts';

export const makeJournalEvent = (id: string): InvocationEvent => ({
  specversion: '1.0',
  id,
  source: '/nodes/k8s-node01/plugin',
  type: 'io.podwire.cni.invocation.v1',
  time: '2026-11-24T08:00:00.000000Z',
  datacontenttype: 'application/json',
  data: {
    verb: 'ADD',
    mode: 'bridge',
    pluginVersion: '0.1.0',
    env: { containerId: `container-${id}` },
    outcome: 'ok',
    exitCode: 0,
    startedAt: '2026-11-24T08:00:00.000000Z',
    durationUs: 4_000,
    steps: [],
  },
});

/** A line as the plugin appends it. */
export const makeJournalLine = (id: string): string => `${JSON.stringify(makeJournalEvent(id))}\n`;

/** Ids of invocations, and the types of what else there is. */
export const describeRecords = ({ records }: JournalReading): string[] =>
  records.map((record) => (record.type === 'invocation' ? record.event.id : record.type));

/** A journal on the disk of this machine, and its tail. */
export class TestJournal implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'podwire-journal-'));
  readonly folder = join(this.directory, 'journal');
  readonly path = join(this.folder, 'invocations.ndjson');
  readonly cursorPath = join(this.directory, 'agent', 'cursor.json');
  readonly troubles: string[] = [];
  /** Only the kernel knows: here the test says whether a late writer still has the file. The kernel tests ask the real one. */
  isOpen: boolean | undefined = false;
  nowMs = 0;
  tail: JournalTail;

  constructor() {
    mkdirSync(this.folder);
    this.tail = this.restart();
  }

  /** As an agent does that was killed. */
  restart(bounds: { readonly fileBytes?: number; readonly totalBytes?: number } = {}): JournalTail {
    this.tail = new JournalTail({
      directory: this.directory,
      fileBytes: 1e9,
      totalBytes: 1e9,
      ...bounds,
      isOpenForWriting: () => this.isOpen,
      nowMs: () => this.nowMs,
      log: (_, __, details) => this.troubles.push(String(details?.work)),
    });
    return this.tail;
  }

  /** What an agent does between two acknowledgements. */
  read(limits: Partial<JournalLimits> = {}): string[] {
    const reading = this.tail.read(limits);
    this.tail.acknowledge(reading);
    return describeRecords(reading);
  }

  /** Until nothing is left. */
  readAll(limits: Partial<JournalLimits> = {}): string[] {
    const seen: string[] = [];
    for (;;) {
      const reading = this.tail.read(limits);
      if (reading.position === undefined) return seen;
      this.tail.acknowledge(reading);
      seen.push(...describeRecords(reading));
    }
  }

  listFiles(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('invocations'));
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}
