import { setFlagsFromString } from 'node:v8';

/** How much garbage may wait, in percent of what was alive when it was last collected. */
const GARBAGE_PERCENT = 50;

/**
 * Has the engine collect garbage when the heap has grown by half. By itself it waits, where the machine has memory to spare and
 * much is allocated, until the heap is four times as large: with 5,000 nodes a gigabyte of nothing. V8 reads this flag at the
 * end of each collection, so it may be set while the process runs; the command line would be a second place for each way that
 * the server is started.
 */
export function boundGarbage(): void {
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
}
