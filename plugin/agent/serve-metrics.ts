import { PLUGIN_VERSION } from '#plugin/version.ts';
import type { ListenAddress } from './agent-settings.ts';
import { type AgentMetrics, renderAgentMetrics } from './render-agent-metrics.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

interface Parts {
  readonly log: WriteLog;
  readonly isKernelRead: () => boolean;
  readonly measure: () => AgentMetrics['status'];
}

/** The agent before this one may be on its way out still, where its pod was killed. */
const RETRY_MS = 1000;

/**
 * `/metrics`, `/healthz` (the agent's one loop turns) and `/readyz` (the kernel has been read) at an address of the node. Nothing
 * of it can be changed from there. An address that is taken is tried again until it is free: it costs the answers meanwhile, and not the agent.
 */
export function serveMetrics(listen: ListenAddress | undefined, parts: Parts): Disposable {
  if (listen === undefined) return { [Symbol.dispose]: () => undefined };
  const answer = makeAnswers(parts);
  let server: ReturnType<typeof startListening> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isRefused = false;
  const attempt = (): void => {
    try {
      server = startListening(listen, answer);
      parts.log('info', 'metrics are served', { address: `${listen.host}:${server.port}` });
    } catch (error) {
      const address = `${listen.host}:${listen.port}`;
      if (!isRefused) parts.log('error', 'metrics are not served yet', { address, reason: describeError(error) });
      isRefused = true;
      timer = setTimeout(attempt, RETRY_MS);
    }
  };
  attempt();
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      void server?.stop(true);
    },
  };
}

const startListening = ({ host, port }: ListenAddress, answer: (path: string) => Response) =>
  Bun.serve({
    hostname: host,
    port,
    fetch: (request) =>
      request.method === 'GET' || request.method === 'HEAD'
        ? answer(new URL(request.url).pathname)
        : new Response('GET only\n', { status: 405 }),
  });

function makeAnswers(parts: Parts): (path: string) => Response {
  const startedAtSeconds = Date.now() / 1000 - process.uptime();
  return (path) => {
    if (path === '/healthz') return new Response('ok\n');
    if (path === '/readyz') {
      return parts.isKernelRead()
        ? new Response('ready\n')
        : new Response('the kernel is being read\n', { status: 503 });
    }
    if (path !== '/metrics') return new Response('not found\n', { status: 404 });
    const { user, system } = process.cpuUsage();
    const text = renderAgentMetrics({
      version: PLUGIN_VERSION,
      isKernelRead: parts.isKernelRead(),
      startedAtSeconds,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      status: parts.measure(),
    });
    return new Response(text, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
  };
}
