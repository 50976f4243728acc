import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_A, NodesWorld } from '#plugin/testing/nodes-world.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.log('skipped: the API over TLS; this machine has no openssl');

/** Ends TLS before the API server of the tests. */
const PROXY = `const [key, cert] = ['key', 'cert'].map((name) => require('node:fs').readFileSync(process.env.FOLDER + '/' + name));
require('node:tls')
  .createServer({ key, cert }, (socket) => {
    const api = require('node:net').connect(process.env.FOLDER + '/api.sock');
    for (const end of [socket, api]) end.on('error', () => [socket, api].map((each) => each.destroy()));
    socket.pipe(api).pipe(socket);
  })
  .listen(6443, '127.0.0.1', () => console.log('listening'));`;

let nodes: NodesWorld;

beforeEach(async () => {
  nodes = await NodesWorld.open();
  nodes.addMachine(NODE_A);
  nodes.api.put(NODE_A);
});

afterEach(() => nodes[Symbol.asyncDispose]());

async function serveTls(): Promise<void> {
  const subject = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(nodes.folder, 'key')];
  const { stderr } = spawnSync('openssl', ['req', '-x509', ...key, ...subject, '-out', join(nodes.folder, 'cert')]);
  if (!nodes.hasFile('cert')) throw new Error(String(stderr));
  const command = ['ip', 'netns', 'exec', 'node-a', process.execPath, '-e', PROXY];
  const proxy = nodes.world.spawn(command, { FOLDER: nodes.folder });
  await once(proxy.stdout, 'data');
}

describe.skipIf(!hasOpenssl)('an API behind a CA of its own', () => {
  const server = { PODWIRE_API_SERVER: 'https://127.0.0.1:6443' };

  it('is trusted by the CA that the agent is given', async () => {
    await serveTls();
    nodes.startAgent('node-a', { ...server, PODWIRE_API_CA_FILE: join(nodes.folder, 'cert') });
    await nodes.untilReady('node-a');
    await nodes.until(() => nodes.api.watcherCount === 1);
  });

  it('is not trusted without, gets no token, and is found', async () => {
    await serveTls();
    nodes.startAgent('node-a', server);
    await nodes.until(() => nodes.listFindings('node-a').length === 1);
    const [finding] = nodes.findings.get('node-a') ?? [];
    expect(finding).toMatchObject({ rule: 'api-unreachable', severity: 'error', object: 'https://127.0.0.1:6443' });
    expect(finding?.evidence[0]).toMatch(/certificate/i);
    expect(nodes.api.requests).toEqual([]);
    expect(nodes.readConfiguration('node-a')).toBeUndefined();
  });
});
