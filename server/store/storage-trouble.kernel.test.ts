import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { listServerSettings, SERVER_MAIN, ServerProcess } from '../testing/server-process.ts';
import { startTestServer, writeBatch } from '../testing/start-test-server.ts';
import { openStore } from './open-store.ts';

/** A shell line, then the server, in a mount namespace of their own: what is mounted there nobody else sees. */
const inMounts = (line: string): readonly string[] => [
  '-Urm',
  '--propagation',
  'private',
  'sh',
  '-c',
  `${line} && exec "$0" "$@"`,
];

async function withFolder(work: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-trouble-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a server says that cannot start. */
function failToStart(
  folder: string,
  line: string,
): { readonly lines: readonly string[]; readonly status: number | null } {
  const env = { ...listServerSettings(folder), PODWIRE_LOG: 'silent' };
  const run = spawnSync('unshare', [...inMounts(line), process.execPath, SERVER_MAIN], { env, encoding: 'utf8' });
  return { lines: run.stderr.trim().split('\n'), status: run.status };
}

function makeStore(folder: string): void {
  const store = openStore(join(folder, 'podwire.db'));
  if (store.ok) store.value.close();
}

test.each([
  {
    what: 'a read-only file system with a store',
    hasStore: true,
    mount: 'mount --bind -o ro "$D" "$D"',
    word: /podwire\.db cannot be used: .*(readonly|unable to open)/,
  },
  {
    what: 'a read-only file system without one',
    hasStore: false,
    mount: 'mount --bind -o ro "$D" "$D"',
    word: /podwire\.db cannot be used: .*(readonly|unable to open)/,
  },
  {
    what: 'a disk without room',
    hasStore: false,
    mount: 'mount -t tmpfs -o size=16k tmpfs "$D"',
    word: /podwire\.db cannot be used: .*(full|disk I\/O)/,
  },
])('on $what the server does not start and says so in one line with a remedy', async ({ hasStore, mount, word }) => {
  await withFolder((folder) => {
    if (hasStore) makeStore(folder);
    const { lines, status } = failToStart(folder, `D='${folder}'; ${mount}`);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(word);
    expect(lines[0]).toMatch(/PODWIRE_DATA/);
    expect(status).toBe(1);
  });
});

test('a damaged store is refused in one line and left as it is', async () => {
  await withFolder((folder) => {
    makeStore(folder);
    const path = join(folder, 'podwire.db');
    truncateSync(path, 6_000);
    const { lines, status } = failToStart(folder, 'true');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/podwire\.db cannot be used: database disk image is malformed.*PODWIRE_DATA/);
    expect(status).toBe(1);
  });
});

/** A store as it is after some work, with one thing in it changed behind SQLite's back. */
async function makeDamagedStore(folder: string, damage: (database: DatabaseSync, path: string) => void): Promise<void> {
  const app = await startTestServer(folder);
  await app.post(1, [{ type: 'kernel.snapshot', snapshot: buildSnapshot([1, 2, 3]) }]);
  await app.post(2, [{ type: 'invocation', event: buildInvocation('ADD', 1, { id: 'a' }) }]);
  await app[Symbol.asyncDispose]();
  const path = join(folder, 'podwire.db');
  const database = new DatabaseSync(path);
  // The log is all that a start can read.
  database.exec("UPDATE stream SET summary = NULL, summary_seq = 0; DELETE FROM mark WHERE name = 'summaries_seq'");
  database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
  damage(database, path);
  if (database.isOpen) database.close();
}

const damages: readonly { readonly what: string; readonly damage: (database: DatabaseSync, path: string) => void }[] = [
  {
    what: 'an entry of the log is no JSON',
    damage: (database) => database.exec(`UPDATE entry SET body = '{"type":' WHERE stream = 'k8s-node01'`),
  },
  {
    what: 'an entry of the log cannot be unpacked',
    damage: (database) => database.exec("UPDATE entry SET body = X'28b52ffd00' WHERE stream = 'k8s-node01'"),
  },
  {
    what: 'a page of an index is gone',
    damage: (database, path) => {
      const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'entry_stream'").get()?.rootpage;
      database.close();
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(4_096), 0, 4_096, (Number(root) - 1) * 4_096);
      closeSync(file);
    },
  },
];

test.each(damages)('where $what the server ends with one line that names the file', async ({ damage }) => {
  await withFolder(async (folder) => {
    await makeDamagedStore(folder, damage);
    const { lines, status } = failToStart(folder, 'true');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/podwire\.db cannot be used: database disk image is malformed.*PODWIRE_DATA/);
    expect(status).toBe(1);
  });
});

const startOnSmallDisk = (folder: string): Promise<ServerProcess> => {
  const line = `mount -t tmpfs -o size=24m tmpfs '${folder}' && head -c 8M /dev/zero > '${folder}/filler'`;
  return ServerProcess.start(folder, {
    settings: { PODWIRE_LOG: 'silent' },
    launcher: ['unshare', ...inMounts(line)],
  });
};

async function post(
  url: string,
  body: Uint8Array,
): Promise<{ readonly status: number; readonly type: string | undefined }> {
  const answer = await fetch(`${url}/agent/v1/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    body: body as Uint8Array<ArrayBuffer>,
  });
  const { type } = (await answer.json()) as { type?: string };
  return { status: answer.status, type };
}

const countStored = async (url: string): Promise<number> =>
  Number(/^podwire_stored_invocations (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

/** Too big to be folded into little: what is on the disk grows by it. */
const writeBig = (sequence: number): Uint8Array => {
  const records = Array.from({ length: 20 }, (_, place) => {
    const event = buildInvocation('ADD', 1, { id: `${sequence}-${place}` });
    const stdin = Array.from({ length: 1_000 }, () => Math.random());
    return { type: 'invocation', event: { ...event, data: { ...event.data, stdin } } };
  });
  return writeBatch(sequence, records);
};

test('when the disk becomes full a batch is refused whole, and taken when there is room again', {
  timeout: 120_000,
}, async () => {
  await withFolder(async (folder) => {
    await using server = await startOnSmallDisk(folder);
    const { url } = server;
    let sequence = 1;
    let body = writeBig(sequence);
    let answer = await post(url, body);
    for (; answer.status === 200; answer = await post(url, body)) {
      sequence += 1;
      body = writeBig(sequence);
    }
    expect(answer).toEqual({ status: 507, type: 'https://podwire.io/problems/storage-full' });
    // Once a second it is tried whether a little can be written: then it is ready until the next batch.
    while ((await fetch(`${url}/readyz`)).status !== 503) expect((await post(url, body)).status).toBe(507);
    expect(await countStored(url)).toBe((sequence - 1) * 20);
    // Seen from outside, the file is below the root of the process that is in there.
    rmSync(`/proc/${server.pid}/root${folder}/filler`);
    while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(50);
    expect((await post(url, body)).status).toBe(200);
    expect((await post(url, body)).status).toBe(200);
    expect(await countStored(url)).toBe(sequence * 20);
  });
});

test('damage that only a question shows ends a running server with the same line', async () => {
  await withFolder(async (folder) => {
    const app = await startTestServer(folder);
    const events = Array.from({ length: 50 }, (_, place) => buildInvocation('ADD', 1, { id: `a${place}` }));
    await app.post(
      1,
      events.map((event) => ({ type: 'invocation', event })),
    );
    await app[Symbol.asyncDispose]();
    const database = new DatabaseSync(join(folder, 'podwire.db'));
    expect(database.prepare("UPDATE chunk SET bodies = X'28b52ffd00'").run().changes).toBe(1);
    database.close();
    const said = { errors: join(folder, 'errors'), status: join(folder, 'status') };
    const line = `"$0" "$@" 2>'${said.errors}'; echo $? >'${said.status}'`;
    const { url } = await ServerProcess.start(folder, { launcher: ['sh', '-c', line] });
    await fetch(`${url}/api/v1/events/a7`).catch(() => undefined);
    while (!existsSync(said.status)) await sleep(20);
    expect(readFileSync(said.errors, 'utf8')).toMatch(
      /^The event store .*podwire\.db cannot be used: database disk image is malformed\. .*PODWIRE_DATA\.\n$/,
    );
    expect(readFileSync(said.status, 'utf8')).toBe('1\n');
  });
});
