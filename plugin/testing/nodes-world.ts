import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Drift } from '#model/agent/drift.ts';
import type { Finding } from '#model/findings/finding.ts';
import { BatchRecord } from '#model/protocol/agent-batch.ts';
import { EXECUTABLE, type KernelWorld, openKernelWorld } from './kernel-world.ts';
import { NodeApiServer, type TestNode } from './node-api-server.ts';

/** Three dual-stack nodes of one segment. */
export const NODE_A: NodeWish = nodeOf('node-a', 1);
export const NODE_B: NodeWish = nodeOf('node-b', 2);
export const NODE_C: NodeWish = nodeOf('node-c', 3);

function nodeOf(name: string, number: number): NodeWish {
  return {
    name,
    podCidrs: [`10.240.${number}.0/24`, `fd00:240:${number}::/64`],
    internalIps: [`192.168.31.1${number}`, `fd31::1${number}`],
  };
}

/** A second of asking whether a link-local address is free keeps neighbours from being found. RFC 4862, section 5.4 */
const QUIET = 'for scope in all default; do echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_dad; done';

/**
 * Segments `lan` and `far`, each a bridge, and a router between them that knows nothing of pods. FORWARD drops on every node, as it
 * does where Docker or a careful administrator was.
 */
const PREPARE = `set -e; QUIET='${QUIET}'
for lan in lan far; do ip link add $lan type bridge; ip link set $lan up; done
ip netns add router; ip netns exec router sh -c "$QUIET"
ip link add r-lan type veth peer name lan netns router; ip link set r-lan master lan up
ip link add r-far type veth peer name far netns router; ip link set r-far master far up
ip netns exec router sh -ec '
  ip link set lo up; ip link set lan up; ip link set far up
  ip address add 192.168.31.1/24 dev lan; ip address add fd31::1/64 dev lan nodad
  ip address add 192.168.32.1/24 dev far; ip address add fd32::1/64 dev far nodad
  echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'`;

export type NodeWish = TestNode & {
  /** By default `lan`. */
  readonly segment?: 'lan' | 'far';
};

/**
 * Nodes as network namespaces on real segments, each with a real agent; an API server and a collector as real as they need to be. Nothing
 * but the agents makes pods of different nodes reach each other.
 */
export class NodesWorld implements AsyncDisposable {
  readonly world: KernelWorld;
  readonly api: NodeApiServer;
  /** On the host's disk, under the same path inside. */
  readonly folder: string;
  /** Everything that the agents reported beside journal and kernel, by node. */
  readonly drifts: (Drift & { readonly node: string })[] = [];
  readonly findings = new Map<string, readonly Finding[]>();
  readonly #collector: Server;
  readonly #agents = new Map<string, ChildProcess>();

  private constructor(world: KernelWorld, folder: string) {
    this.world = world;
    this.folder = folder;
    this.api = new NodeApiServer(join(folder, 'api.sock'));
    writeFileSync(join(folder, 'token'), `${this.api.token}\n`);
    this.#collector = createServer(async (request, response) => {
      // It has no commands to give.
      if (request.method !== 'POST') return void response.writeHead(404).end();
      const lines = gunzipSync(Buffer.concat(await request.toArray()))
        .toString('utf8')
        .trim()
        .split('\n');
      const { node, sequence } = JSON.parse(lines[0] ?? '') as { readonly node: string; readonly sequence: number };
      for (const line of lines.slice(1)) this.#take(node, BatchRecord.parse(JSON.parse(line)));
      response.writeHead(200).end(JSON.stringify({ acknowledged: sequence, needsSnapshot: false }));
    }).listen(join(folder, 'collector.sock'));
  }

  static async open(): Promise<NodesWorld> {
    const world = await openKernelWorld();
    world.exec('sh', '-c', PREPARE);
    return new NodesWorld(world, mkdtempSync(join(tmpdir(), 'podwire-nodes-')));
  }

  /** A machine on its segment, with the routes of any machine there. It is no node of the cluster yet. */
  addMachine({ name, internalIps, segment = 'lan' }: NodeWish): void {
    const port = `p-${name}`;
    this.world.addNamespaces(name);
    this.run(name, QUIET);
    const router =
      segment === 'lan' ? { inet: '192.168.31.1', inet6: 'fd31::1' } : { inet: '192.168.32.1', inet6: 'fd32::1' };
    const lines = internalIps.map((ip) =>
      ip.includes(':') ? `ip address add ${ip}/64 dev eth0 nodad` : `ip address add ${ip}/24 dev eth0`,
    );
    this.world.exec(
      'sh',
      '-ec',
      `ip link add ${port} type veth peer name eth0 netns ${name}; ip link set ${port} master ${segment} up`,
    );
    this.run(
      name,
      `ip link set lo up; ip link set eth0 up; ${lines.join('; ')}
      ip route add default via ${router.inet} proto static || :
      ip -6 route add default via ${router.inet6} proto static || :
      for tool in iptables ip6tables; do $tool -P FORWARD DROP; done
      echo 0 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding`,
    );
  }

  /** A machine, a Node of the cluster, and its agent. */
  addNode(wish: NodeWish, variables: Readonly<Record<string, string>> = {}): void {
    this.addMachine(wish);
    this.api.put(wish);
    this.startAgent(wish.name, variables);
  }

  /** {@link NODE_A} and {@link NODE_B}, when each has its network. */
  async startTwoNodes(): Promise<void> {
    this.addNode(NODE_A);
    this.addNode(NODE_B);
    const names = ['node-a', 'node-b'];
    await this.until(() => names.every((name) => this.readConfiguration(name) !== undefined));
    await this.until(() => names.every((name) => this.listRoutes(name).length === 2));
  }

  startAgent(name: string, variables: Readonly<Record<string, string>> = {}): void {
    const agent = this.world.spawn(['ip', 'netns', 'exec', name, EXECUTABLE, 'agent'], {
      ...this.variables(name),
      PODWIRE_COLLECTOR: `unix:${join(this.folder, 'collector.sock')}`,
      PODWIRE_API_SERVER: `unix:${join(this.folder, 'api.sock')}`,
      PODWIRE_API_TOKEN_FILE: join(this.folder, 'token'),
      PODWIRE_CLUSTER_CIDR: '10.240.0.0/16,fd00:240::/32',
      ...variables,
    });
    agent.stdout.resume();
    if (process.env.PODWIRE_TEST_LOG === undefined) agent.stderr.resume();
    else agent.stderr.pipe(process.stderr);
    this.#agents.set(name, agent);
  }

  async stopAgent(name: string, signal: NodeJS.Signals): Promise<void> {
    const agent = this.#agents.get(name);
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
    const ended = once(agent, 'exit');
    agent.kill(signal);
    await ended;
  }

  /** Where plugin and agent of a node keep their things. */
  variables(name: string): Readonly<Record<string, string>> {
    const folder = join(this.folder, name);
    return {
      PODWIRE_NODE: name,
      PODWIRE_STATE: `${folder}/state`,
      PODWIRE_RUN: `${folder}/run`,
      PODWIRE_CONF_DIR: `${folder}/net.d`,
      PODWIRE_BIN_DIR: `${folder}/bin`,
    };
  }

  hasFile(name: string): boolean {
    return existsSync(join(this.folder, name));
  }

  configurationPath(name: string): string {
    return join(this.folder, name, 'net.d/10-podwire.conflist');
  }

  /** Runs shell lines on a node. @throws where one fails */
  run(name: string, script: string): string {
    return this.#runProgram(name, 'sh', '-ec', script);
  }

  /** `podwire install` and the like, by hand. */
  runPodwire(name: string, ...words: readonly string[]): string {
    return this.#runProgram(name, EXECUTABLE, ...words);
  }

  #runProgram(name: string, ...words: readonly string[]): string {
    const { exitCode, stdout, stderr } = this.world.try(
      ['ip', 'netns', 'exec', name, ...words],
      '',
      this.variables(name),
    );
    if (exitCode !== 0) throw new Error(`${name}: ${words.join(' ')} exited ${exitCode}: ${stderr}`);
    return stdout;
  }

  /** A pod as its node's runtime makes it: the network that stands in the node's directory. @returns its addresses */
  addPod(node: string, pod: string): readonly string[] {
    this.world.addNamespaces(pod);
    this.run(pod, QUIET);
    const list = JSON.parse(readFileSync(this.configurationPath(node), 'utf8')) as {
      readonly name: string;
      readonly plugins: readonly object[];
    };
    const input = JSON.stringify({ ...list.plugins[0], name: list.name, cniVersion: '1.0.0' });
    const { exitCode, stdout } = this.world.try(['ip', 'netns', 'exec', node, EXECUTABLE], input, {
      ...this.variables(node),
      ...{ CNI_COMMAND: 'ADD', CNI_CONTAINERID: pod, CNI_NETNS: `/run/netns/${pod}`, CNI_IFNAME: 'eth0' },
      CNI_PATH: '/opt/cni/bin',
    });
    if (exitCode !== 0) throw new Error(`ADD of ${pod}: ${stdout}`);
    const { ips } = JSON.parse(stdout) as { readonly ips: readonly { readonly address: string }[] };
    return ips.map(({ address }) => address.split('/')[0] ?? '');
  }

  /** One packet there and its answer back; a packet that is dropped is never answered. */
  canPing(from: string, address: string): boolean {
    return this.world.try(['ip', 'netns', 'exec', from, 'ping', '-c1', '-W2', address]).exitCode === 0;
  }

  /** Routes to pods of other nodes, ours and others', one line each. */
  listRoutes(name: string, selector = 'proto 112'): readonly string[] {
    const families = /\d\.\d/.test(selector) ? ['-4'] : ['-4', '-6'];
    return families.flatMap((family) =>
      this.run(name, `ip ${family} route show ${selector}`)
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    );
  }

  /** Ours, without what the kernel adds. */
  listOwnRoutes(name: string): readonly string[] {
    return this.listRoutes(name).map((line) => line.replace(/ metric 1024.*$/, ''));
  }

  /** Routes and rules of every owner, without what moves by itself and what pods add. */
  readNetwork(name: string): string {
    return this.run(name, 'ip route; ip -6 route; iptables-save; ip6tables-save')
      .split('\n')
      .filter((line) => !/^[#:]|fe80|cni0/.test(line))
      .join('\n');
  }

  /** Waits until a condition holds; the test's own time limit ends a wait that is in vain. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await wait(30);
  }

  /** Waits until the configuration stands, which the agent writes last. */
  async untilReady(...names: readonly string[]): Promise<void> {
    await this.until(() => names.every((name) => this.readConfiguration(name) !== undefined));
  }

  readConfiguration(name: string): string | undefined {
    try {
      return readFileSync(this.configurationPath(name), 'utf8');
    } catch {
      return undefined;
    }
  }

  listFindings(name: string): readonly string[] {
    return (this.findings.get(name) ?? []).map(({ id }) => id);
  }

  findDrift(node: string, kind: Drift['kind'], object: string): Drift | undefined {
    return this.drifts.find((drift) => drift.node === node && drift.kind === kind && drift.object === object);
  }

  /** With those that were folded into one. */
  countDrifts(node: string, object: string): number {
    const own = this.drifts.filter((drift) => drift.node === node && drift.object === object);
    return own.reduce((sum, { repeats = 1 }) => sum + repeats, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#agents.keys()) await this.stopAgent(name, 'SIGKILL');
    await this.api.close();
    this.#collector.closeAllConnections();
    this.#collector.close();
    this.world[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #take(node: string, record: BatchRecord): void {
    if (record.type === 'drift') this.drifts.push({ ...record.drift, node });
    if (record.type === 'agent.findings') this.findings.set(node, record.findings);
  }
}
