import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNamespaces } from './pod-namespaces.ts';

/**
 * The inner half of `recordNode`. Runs as root of its own user, network and mount namespace, makes pods with the real plugin
 * and prints what its journal and `podwire snapshot` say, as one RecordedNode.
 */
const [podwire = '', count = '0'] = process.argv.slice(2);

function wirePod(name: string, state: string): void {
  const configuration = {
    cniVersion: '1.1.0',
    name: 'podwire',
    type: 'podwire',
    bridge: 'cni0',
    podcidr: '10.240.2.0/24',
  };
  const env = {
    PATH: process.env.PATH,
    PODWIRE_NODE: 'recorded',
    PODWIRE_STATE: state,
    PODWIRE_RUN: '/run/podwire',
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: `container-${name}`,
    CNI_NETNS: `/run/netns/${name}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=uid-${name}`,
  };
  execFileSync(podwire, { env: env as unknown as NodeJS.ProcessEnv, input: JSON.stringify(configuration) });
}

execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
execFileSync('ip', ['link', 'set', 'lo', 'up']);
execFileSync('ip', ['link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'lan0']);
execFileSync('ip', ['address', 'add', '192.168.31.163/24', 'dev', 'eth0']);
for (const name of ['eth0', 'lan0']) execFileSync('ip', ['link', 'set', name, 'up']);
const state = mkdtempSync(join(tmpdir(), 'podwire-record-'));
try {
  const names = Array.from({ length: Number(count) }, (_, place) => `p${place}-recorded`);
  createNamespaces(names);
  for (const name of names) wirePod(name, state);
  const snapshot = execFileSync(podwire, ['snapshot'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const journal = readFileSync(join(state, 'journal/invocations.ndjson'), 'utf8').trim().split('\n');
  process.stdout.write(
    JSON.stringify({ snapshot: JSON.parse(snapshot), adds: journal.map((line) => JSON.parse(line)) }),
  );
} finally {
  rmSync(state, { recursive: true, force: true });
}
