import { writeSync } from 'node:fs';

/** What every executable of this kind pays: its engine starts, says one byte and ends. Built as dist/podwire is. */
writeSync(1, '\n');
process.exit(0);
