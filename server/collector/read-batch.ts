import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import type { z } from 'zod';
import { compileExactCheck } from '#model/compile-exact-check.ts';
import { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { findHeaderAbsurdity, findRecordAbsurdity } from './find-absurdity.ts';

export type Batch = {
  readonly header: BatchHeader;
  readonly records: readonly BatchRecord[];
  /** The JSON that each record came as, where it says the record and nothing else. */
  readonly texts: readonly (string | undefined)[];
};
export type BatchRefusal = {
  readonly reason: 'too-large' | 'malformed-batch' | 'unsupported-protocol';
  readonly detail: string;
};

/** A full snapshot of a node with 250 pods is a few MiB of NDJSON; these bounds stand far above it. */
export const BATCH_COMPRESSED_BYTES = 16 * 2 ** 20;
export const BATCH_BYTES = 128 * 2 ** 20;

const unzip = promisify(gunzip);
/** Up to here the thread pool costs more than the work. */
const UNZIPPED_AT_ONCE_BYTES = 64 * 1024;
const UNPACKED_AT_ONCE_BYTES = 2 ** 20;
const LEAST_PIECE_BYTES = 16 * 1024;
const GREATEST_PIECE_BYTES = 2 * 2 ** 20;
const isExactRecord = compileExactCheck(BatchRecord);

/** Unpacks and validates a batch: header line, then records. Nothing of a batch is taken if one line is wrong. */
export async function readBatch(body: Uint8Array, encoding: string): Promise<Result<Batch, BatchRefusal>> {
  const unpacked = encoding === 'gzip' ? await unpack(body) : succeed(Buffer.from(body));
  if (!unpacked.ok) return unpacked;
  const lines = unpacked.value.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first = '', ...rest] = lines;
  const header = readHeader(first);
  if (!header.ok) return header;
  const records: BatchRecord[] = [];
  const texts: (string | undefined)[] = [];
  for (const [index, line] of rest.entries()) {
    const record = parseRecord(line, index + 2);
    if (!record.ok) return record;
    const node = nodeOf(record.value.record);
    if (node !== undefined && node !== header.value.node) {
      return refuse(`Line ${index + 2} speaks of node ${node}, the header of ${header.value.node}.`);
    }
    const absurdity = findRecordAbsurdity(record.value.record);
    if (absurdity !== undefined) return refuse(`Line ${index + 2}: ${absurdity}.`);
    records.push(record.value.record);
    texts.push(record.value.text);
  }
  return succeed({ header: header.value, records, texts });
}

async function unpack(body: Uint8Array): Promise<Result<Buffer, BatchRefusal>> {
  const small = body.length <= UNZIPPED_AT_ONCE_BYTES ? unpackSmall(body) : undefined;
  if (small !== undefined) return succeed(small);
  try {
    return succeed(await unzip(body, { maxOutputLength: BATCH_BYTES, chunkSize: guessUnpackedBytes(body) }));
  } catch (error) {
    if (error instanceof RangeError) {
      return fail({ reason: 'too-large', detail: `The batch unpacks to more than ${BATCH_BYTES} bytes.` });
    }
    return refuse(`The body is not gzip: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/**
 * In one piece where the end of the body tells the truth: pieces would be allocated, and joined, besides. What it may cost to
 * believe it is bounded.
 */
function guessUnpackedBytes(body: Uint8Array): number {
  return Math.min(Math.max(readToldBytes(body) + 1, LEAST_PIECE_BYTES), GREATEST_PIECE_BYTES);
}

/** How long gzip says at its end that it is unpacked: RFC 1952 ISIZE. */
const readToldBytes = (body: Uint8Array): number =>
  body.length < 4 ? 0 : new DataView(body.buffer, body.byteOffset + body.length - 4, 4).getUint32(0, true);

/** The bytes that a batch says it has once it is unpacked, never fewer than it came in. */
export const weighBatch = (body: Uint8Array, encoding: string): number =>
  encoding === 'gzip' ? Math.max(body.length, Math.min(readToldBytes(body), BATCH_BYTES)) : body.length;

/** `undefined` where it is not small, or not right: then it goes the long way. */
function unpackSmall(body: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(body, { maxOutputLength: UNPACKED_AT_ONCE_BYTES, chunkSize: guessUnpackedBytes(body) });
  } catch {
    return undefined;
  }
}

function readHeader(line: string): Result<BatchHeader, BatchRefusal> {
  const parsed = parseJson(line);
  if (!parsed.ok) return refuse('Line 1, the header, is not JSON.');
  const protocol = (parsed.value as { protocol?: unknown } | null)?.protocol;
  if (protocol !== undefined && protocol !== 1) {
    const detail = `The batch speaks protocol ${JSON.stringify(protocol)}; this collector speaks 1.`;
    return fail({ reason: 'unsupported-protocol', detail });
  }
  const header = parseLine(line, BatchHeader, 1);
  const absurdity = header.ok ? findHeaderAbsurdity(header.value) : undefined;
  return absurdity === undefined ? header : refuse(`Line 1, the header: ${absurdity}.`);
}

type ReadRecord = { readonly record: BatchRecord; readonly text: string | undefined };

/** What needs no change is taken as it is; all else goes through the schema, which says what is wrong. */
function parseRecord(line: string, number: number): Result<ReadRecord, BatchRefusal> {
  const json = parseJson(line);
  if (json.ok && isExactRecord(json.value)) return succeed({ record: json.value as BatchRecord, text: line });
  const parsed = parseLine(line, BatchRecord, number);
  return parsed.ok ? succeed({ record: parsed.value, text: undefined }) : parsed;
}

function parseLine<T>(line: string, schema: z.ZodType<T>, number: number): Result<T, BatchRefusal> {
  const json = parseJson(line);
  if (!json.ok) return refuse(`Line ${number} is not JSON.`);
  try {
    const parsed = schema.safeParse(json.value);
    if (parsed.success) return succeed(parsed.data);
    const issue = parsed.error.issues[0];
    return refuse(`Line ${number}: ${issue?.path.join('.') || 'the record'}: ${issue?.message ?? 'invalid'}.`);
  } catch {
    // Valid JSON may be nested deeper than the stack of the check can hold.
    return refuse(`Line ${number} is nested too deep to be checked.`);
  }
}

function parseJson(line: string): Result<unknown, undefined> {
  try {
    return succeed(JSON.parse(line) as unknown);
  } catch {
    return fail(undefined);
  }
}

function nodeOf(record: BatchRecord): string | undefined {
  if (record.type === 'kernel.snapshot') return record.snapshot.node;
  return record.type === 'kernel.delta' ? record.delta.node : undefined;
}

const refuse = (detail: string): Result<never, BatchRefusal> => fail({ reason: 'malformed-batch', detail });
