import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import pino, { type Logger } from 'pino';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import type { Reviewer } from '../auth/review-client.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { Config } from '../config.ts';
import type { AccessSettings } from '../read-access.ts';
import { type RunningServer, startServer } from '../start-server.ts';
import type { SpanExport } from '../telemetry/span-export.ts';

export type TestServer = AsyncDisposable & {
  readonly config: Config;
  readonly server: RunningServer;
  readonly url: string;
  readonly get: (path: string) => Promise<{ status: number; body: unknown }>;
  readonly post: (sequence: number, records: readonly BatchRecord[], header?: object) => Promise<Answer>;
  readonly postRaw: (body: Uint8Array, headers?: Record<string, string>) => Promise<Answer>;
};
export type Answer = { readonly status: number; readonly body: Record<string, unknown> };

export const makeDataFolder = (): string => mkdtempSync(join(tmpdir(), 'podwire-server-'));

/** What a test wants otherwise: somebody who is asked who people are, whose log is read, whose time is set. */
export type TestWishes = {
  readonly reviewer?: Reviewer;
  readonly access?: Partial<AccessSettings>;
  readonly log?: Logger;
  readonly clock?: () => Date;
  /** Who asks, where nobody logs in. */
  readonly viewerFor?: (headers: IncomingHttpHeaders) => Viewer;
};

/**
 * The real server on a free port and a unix socket; no cluster, no pages. Removes its folder unless one was given. With a reviewer
 * people log in.
 */
export async function startTestServer(
  folder?: string,
  spans?: SpanExport,
  wishes: TestWishes = {},
): Promise<TestServer> {
  const dataFolder = folder ?? makeDataFolder();
  const config: Config = {
    host: '127.0.0.1',
    port: 0,
    dataFolder,
    collectorSocket: join(dataFolder, 'run', 'collector.sock'),
    access: {
      ...{ needsLogin: wishes.reviewer !== undefined, agentAccount: undefined, hosts: [] },
      trustedProxies: new BlockList(),
      ...wishes.access,
    },
    cluster: 'none',
    namespaces: [],
    web: 'off',
    logLevel: 'silent',
    retention: {},
    sendsSpans: false,
    executable: '/nonexistent',
  };
  const started = await startServer(config, {
    log: wishes.log ?? pino({ level: 'silent' }),
    clock: wishes.clock ?? (() => new Date()),
    version: 'test',
    spans,
    reviewer: wishes.reviewer,
    viewerFor: wishes.viewerFor,
  });
  if (!started.ok) throw new Error(started.error.problem);
  const server = started.value;
  const url = `http://127.0.0.1:${server.port}`;
  const postRaw = (body: Uint8Array, headers: Record<string, string> = {}) =>
    postBatch(config.collectorSocket, body, {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      ...headers,
    });
  return {
    config,
    server,
    url,
    postRaw,
    get: async (path) => {
      const answer = await fetch(`${url}${path}`);
      return { status: answer.status, body: await answer.json() };
    },
    post: (sequence, records, header) => postRaw(writeBatch(sequence, records, header)),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      if (folder === undefined) rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Gzip NDJSON as the agent sends it. */
export function writeBatch(sequence: number, records: readonly unknown[], header: object = {}): Uint8Array {
  const head = {
    protocol: 1,
    node: 'k8s-node01',
    bootId: 'boot-1',
    sequence,
    agentVersion: '0.1.0',
    sentAt: new Date().toISOString(),
    ...header,
  };
  return gzipSync(`${[head, ...records].map((line) => JSON.stringify(line)).join('\n')}\n`);
}

function postBatch(socketPath: string, body: Uint8Array, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const post = request({ socketPath, path: '/agent/v1/batches', method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }));
    });
    post.on('error', reject);
    post.end(body);
  });
}
