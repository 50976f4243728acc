import { PLUGIN_VERSION } from '#plugin/version.ts';
import type { ListenAddress } from './agent-settings.ts';
import { type AgentMetrics, renderAgentMetrics } from './render-agent-metrics.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

interface Parts {
  readonly log: WriteLog;
  readonly isKernelRead: () => boolean;
  readonly measure: () => AgentMetrics['status'];
}

/**
 * `/metrics`, `/healthz` (the agent's one loop turns) and `/readyz` (the kernel has been read) at an address of the node. Nothing
 * of it can be changed from there. An address that is taken costs the answers, and not the agent.
 */
export function serveMetrics(listen: ListenAddress | undefined, parts: Parts): Disposable {
  if (listen === undefined) return { [Symbol.dispose]: () => undefined };
  const startedAtSeconds = Date.now() / 1000 - process.uptime();
  const answer = (path: string): Response => {
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
  try {
    const server = Bun.serve({
      hostname: listen.host,
      port: listen.port,
      fetch: (request) =>
        request.method === 'GET' || request.method === 'HEAD'
          ? answer(new URL(request.url).pathname)
          : new Response('GET only\n', { status: 405 }),
    });
    parts.log('info', 'metrics are served', { address: `${listen.host}:${server.port}` });
    return { [Symbol.dispose]: () => void server.stop(true) };
  } catch (error) {
    parts.log('error', 'metrics are not served', {
      address: `${listen.host}:${listen.port}`,
      reason: describeError(error),
    });
    return { [Symbol.dispose]: () => undefined };
  }
}
