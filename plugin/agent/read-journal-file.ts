import { readSync } from 'node:fs';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { parseJournalLine } from './parse-journal-line.ts';

/** What stands in one file behind an offset, and where that ends. */
export interface FileReading {
  readonly records: readonly BatchRecord[];
  /** Where the first line begins that was not read; the offset given where there is no complete one. */
  readonly end: number;
}

export interface JournalLimits {
  /** At most so many lines are taken at once. */
  readonly lines: number;
  /** At most so many bytes, but for a single line that is longer. */
  readonly bytes: number;
  /** A line that is longer is skipped and reported. */
  readonly lineBytes: number;
}

interface FilePlace {
  readonly fd: number;
  readonly path: string;
  readonly offset: number;
  /** Nothing will ever be appended: what stands behind the last line end is torn. Asked only where it matters. */
  readonly isSealed: () => boolean;
}

const newline = 10;
/** Far below what a collector takes at once, far above what a configuration with the result of a whole chain needs. */
export const usualLimits: JournalLimits = { lines: 500, bytes: 1024 * 1024, lineBytes: 12 * 1024 * 1024 };

/** Reads complete lines. Torn and foreign ones are reported, each once; those behind them are read. */
export function readJournalFile(place: FilePlace, limits: JournalLimits): FileReading {
  const usual = readChunk(place.fd, place.offset, limits.bytes);
  const isEndless = usual.length === limits.bytes && !usual.includes(newline);
  const chunk = isEndless ? readChunk(place.fd, place.offset, limits.lineBytes) : usual;
  const reading = takeLines(chunk, place, limits.lines);
  if (reading.end > place.offset || chunk.length === 0) return reading;
  if (chunk.length === limits.lineBytes) {
    const end = findLineEnd(place.fd, place.offset + chunk.length);
    return { records: [describeProblem(place, place.offset, `no line end in ${chunk.length} bytes`)], end };
  }
  if (!place.isSealed()) return reading;
  const problem = describeProblem(place, place.offset, 'the last line of a rotated file has no end');
  return { records: [problem], end: place.offset + chunk.length };
}

function takeLines(bytes: Uint8Array, place: FilePlace, lines: number): FileReading {
  const records: BatchRecord[] = [];
  const decoder = new TextDecoder();
  let start = 0;
  for (let count = 0; count < lines; count += 1) {
    const end = bytes.indexOf(newline, start);
    if (end === -1) break;
    records.push(...readLine(decoder.decode(bytes.subarray(start, end)), place, place.offset + start));
    start = end + 1;
  }
  return { records, end: place.offset + start };
}

function readLine(line: string, place: FilePlace, offset: number): BatchRecord[] {
  if (line.trim() === '') return [];
  const parsed = parseJournalLine(line);
  if (!parsed.ok) return [describeProblem(place, offset, parsed.error)];
  const { event, problem } = parsed.value;
  const invocation: BatchRecord = { type: 'invocation', event };
  return problem === undefined ? [invocation] : [invocation, describeProblem(place, offset, problem)];
}

function describeProblem({ path }: FilePlace, offset: number, message: string): BatchRecord {
  return { type: 'journal.problem', file: path, offset, message };
}

function readChunk(fd: number, offset: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  return bytes.subarray(0, readSync(fd, bytes, 0, byteCount, offset));
}

/** @returns the place behind the next line end, or the end of the file */
function findLineEnd(fd: number, offset: number): number {
  for (let place = offset; ; ) {
    const chunk = readChunk(fd, place, usualLimits.bytes);
    const at = chunk.indexOf(newline);
    if (at !== -1) return place + at + 1;
    if (chunk.length === 0) return place;
    place += chunk.length;
  }
}
