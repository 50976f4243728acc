import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';

/** Numbers of a boot of our own, beside the real agent's: the collector knows a batch by node, boot and number. */
const bootId = `e2e-${process.pid}-${Date.now()}`;
let sequence = 0;

/** Says something to the collector as a node's agent would, on its socket. Throws where it is refused. */
export function postAsAgent(socketPath: string, node: string, records: readonly BatchRecord[]): Promise<void> {
  sequence += 1;
  const header = { protocol: 1, node, bootId, sequence, agentVersion: 'e2e', sentAt: new Date().toISOString() };
  const body = gzipSync(`${[header, ...records].map((line) => JSON.stringify(line)).join('\n')}\n`);
  const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
  return new Promise((resolve, reject) => {
    const post = request({ socketPath, path: '/agent/v1/batches', method: 'POST', headers }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) answer.on('end', resolve);
      else reject(new Error(`the collector answered ${answer.statusCode}`));
    });
    post.on('error', reject).end(body);
  });
}
