import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { EntryBody } from '#model/log/log-entry.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';

/**
 * Writes a log as it would have come to be: `write-history.ts <data folder>` takes lines of `{atMs, stream, body}` in the
 * order of their times, and folds and checkpoints as the server does. For measurements that need a past.
 */
const [folder = '.'] = process.argv.slice(2);
let nowMs = 0;
const path = join(folder, 'podwire.db');
const store = openStore(path);
if (!store.ok) throw new Error(store.error.problem);
const log = openLog({
  store: store.value,
  path,
  source: 'kubernetes',
  log: pino({ level: 'silent' }),
  clock: () => new Date(nowMs),
});
if (!log.ok) throw new Error(log.error.problem);
const { fold, recorder, cluster } = log.value;
let sinceTickMs = 0;
for await (const line of createInterface(process.stdin)) {
  const { atMs, stream, body } = JSON.parse(line) as { atMs: number; stream: string; body: unknown };
  nowMs = atMs;
  const entry = EntryBody.parse(body);
  recorder.record((append) => {
    append(stream, entry);
  });
  fold.saveCheckpoints();
  if (nowMs - sinceTickMs < 60_000) continue;
  sinceTickMs = nowMs;
  fold.tick();
}
cluster.close();
fold.close();
store.value.close();
