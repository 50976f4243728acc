import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describeMachine } from './describe-machine.ts';
import { buildFatPod } from './fat-pod.ts';
import { replaceSection } from './replace-section.ts';

/** What following many fat pods takes: the list of the API server's answers, reduced page by page. */

const SCRIPT = join(import.meta.dirname, '../server/testing/measure-watch.ts');
const DOCUMENT = join(import.meta.dirname, '../docs/performance.md');

type Measured = {
  readonly pods: number;
  readonly heapBytes: number;
  readonly peakBytes: number;
  readonly listMs: number;
  readonly longestStallMs: number;
};

/** `npm run bench -- watch [--pods 20000] [--write]` */
export async function runWatchBench(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--pods');
  const pods = at < 0 ? 20_000 : Number(args[at + 1]);
  const machine = describeMachine();
  await using api = await serveFatPods(pods);
  const measured = await measure(api.url);
  const section = describe(measured, { machine, pods, podBytes: JSON.stringify(buildFatPod(1)).length });
  process.stdout.write(`${section}\n`);
  if (args.includes('--write')) {
    writeFileSync(DOCUMENT, replaceSection(readFileSync(DOCUMENT, 'utf8'), 'bench:watch', section));
  }
}

/** List in pages, and watches that say nothing. */
async function serveFatPods(count: number): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bench');
    response.setHeader('content-type', 'application/json');
    if (searchParams.get('watch') === 'true') response.flushHeaders();
    else if (pathname.endsWith('/pods')) answerPage(response, count, searchParams);
    else response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerPage(response: ServerResponse, count: number, query: URLSearchParams): void {
  const from = Number(query.get('continue') ?? 0);
  const to = Math.min(count, from + Number(query.get('limit') ?? count));
  const items = Array.from({ length: to - from }, (_, index) => buildFatPod(from + index));
  const next = to < count ? { continue: String(to) } : {};
  response.end(JSON.stringify({ metadata: { resourceVersion: '1', ...next }, items }));
}

async function measure(url: string): Promise<Measured> {
  const child = spawn(process.execPath, ['--expose-gc', SCRIPT, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${SCRIPT} ended with ${code}`);
  return JSON.parse(text) as Measured;
}

function describe(
  { pods, heapBytes, peakBytes, listMs, longestStallMs }: Measured,
  given: { readonly machine: string; readonly pods: number; readonly podBytes: number },
): string {
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return `\`npm run bench -- watch --pods ${given.pods} --write\` on ${given.machine}:

| pods | JSON of one | kept on the heap | peak of the whole process | first list | longest stall |
| ---: | ---: | ---: | ---: | ---: | ---: |
| ${pods.toLocaleString('en')} | ${given.podBytes.toLocaleString('en')} B | ${mebibytes(heapBytes)} | ${mebibytes(peakBytes)} | ${(listMs / 1000).toFixed(1)} s | ${longestStallMs.toFixed(0)} ms |`;
}
