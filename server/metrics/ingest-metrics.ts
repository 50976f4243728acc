import { Counter, Histogram, type Registry } from 'prom-client';
import type { ProblemWord } from '../api/problem-response.ts';
import type { Batch } from '../collector/read-batch.ts';

/** Counts what agents send, by bounded words only: never by node or by what a batch says. */
export type IngestMetrics = {
  readonly taken: (batch: Batch, outcome: { readonly isDuplicate: boolean }) => void;
  /** `reason`: the word of the problem. */
  readonly refused: (reason: string) => void;
  /** From the whole body to the answer. */
  readonly observeSeconds: (seconds: number) => void;
};

/** Counted from the beginning, so that a rate of the first one can be told. */
const REFUSALS: readonly ProblemWord[] = [
  'malformed-batch',
  'too-large',
  'unsupported-protocol',
  'unsupported-media-type',
  'storage-full',
];

export function makeIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const batches = new Counter({
    name: 'podwire_ingest_batches_total',
    help: 'Batches from agents, by what became of them',
    labelNames: ['outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'podwire_ingest_refusals_total',
    help: 'Refused batches, by the word of the problem',
    labelNames: ['reason'],
    registers,
  });
  const records = new Counter({
    name: 'podwire_ingest_records_total',
    help: 'Records of accepted batches, by type',
    labelNames: ['type'],
    registers,
  });
  const foreign = new Counter({
    name: 'podwire_ingest_foreign_sources_total',
    help: 'Invocations whose source names another node than the batch: plugin and agent were given different names',
    registers,
  });
  const seconds = new Histogram({
    name: 'podwire_ingest_seconds',
    help: 'From the whole body of a batch to the answer',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  for (const outcome of ['accepted', 'duplicate', 'refused']) batches.inc({ outcome }, 0);
  for (const reason of REFUSALS) refusals.inc({ reason }, 0);
  return {
    taken: (batch, { isDuplicate }) => {
      batches.inc({ outcome: isDuplicate ? 'duplicate' : 'accepted' });
      if (isDuplicate) return;
      for (const record of batch.records) {
        records.inc({ type: record.type });
        if (record.type === 'invocation' && record.event.source !== `/nodes/${batch.header.node}/plugin`) foreign.inc();
      }
    },
    refused: (reason) => {
      batches.inc({ outcome: 'refused' });
      refusals.inc({ reason });
    },
    observeSeconds: (value) => seconds.observe(value),
  };
}
