import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';

export const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'podwire');

export type ProgramOutcome = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };

export type CniCall = {
  readonly command: string;
  readonly containerId?: string;
  /** A name under /run/netns, or a path. */
  readonly netns?: string;
  readonly ifName?: string;
  readonly args?: string;
  /** The configuration: an object, or the bytes of stdin as they are. */
  readonly input: JsonObject | string;
  readonly variables?: Readonly<Record<string, string>>;
};

/** What the plugin answered; `answer` is stdout as JSON, an empty object where nothing was printed. */
export type CniOutcome = ProgramOutcome & {
  readonly answer: CniAnswer;
  /** From the result of an ADD: the name of the host's end, and the addresses with their prefix length. */
  readonly hostVethName: string;
  readonly addresses: readonly string[];
};

/** Any answer of the plugin: a result, an error or versions. A test names the keys that it expects to be there. */
export type CniAnswer = {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string; readonly gateway?: string }[];
};

/** One object of `ip -j -d link`, `address`, `route` or `neighbour`; again a test names what it expects. */
export type IpRecord = {
  readonly ifname: string;
  readonly ifindex: number;
  readonly link_index: number;
  readonly flags: readonly string[];
  readonly master: string;
  readonly group: string;
  readonly mtu: number;
  readonly address: string;
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly tentative?: boolean }[];
};

const PREPARE = 'mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up && echo ready && exec cat';

/**
 * A machine of its own for one test: user, network and mount namespaces that go when it is closed. Inside it the test is
 * root, and nothing it does reaches the machine outside. /run is empty, and holds the plugin's state.
 */
export class KernelWorld implements Disposable {
  readonly #holder: ChildProcess;
  readonly #entry: readonly string[];
  readonly #spawned: ChildProcess[] = [];

  /** @param entry how `nsenter` gets inside: which namespaces, and whose */
  constructor(holder: ChildProcess, entry: readonly string[] = ['-U', '-n', '-m', '-t', String(holder.pid)]) {
    this.#holder = holder;
    this.#entry = entry;
  }

  static readonly state = '/run/state';
  static readonly run = '/run/podwire';

  /** Runs a program inside. @throws where it cannot be started or exits other than 0 */
  exec(program: string, ...parameters: readonly string[]): string {
    const { exitCode, stdout, stderr } = this.try([program, ...parameters]);
    if (exitCode !== 0) throw new Error(`${program} ${parameters.join(' ')} exited ${exitCode}: ${stderr}`);
    return stdout;
  }

  /** Runs a program inside and tells how it went. */
  try(words: readonly string[], input = '', variables: Readonly<Record<string, string>> = {}): ProgramOutcome {
    const { status, stdout, stderr } = spawnSync('nsenter', this.#enter(words), {
      input,
      encoding: 'utf8',
      env: this.#environment(variables) as NodeJS.ProcessEnv,
    });
    return { exitCode: status, stdout, stderr };
  }

  /** Starts a program inside, its three streams piped. What is still running when the world is closed ends with it. */
  spawn(words: readonly string[], variables: Readonly<Record<string, string>> = {}): ChildProcessWithoutNullStreams {
    const child = spawn('nsenter', this.#enter(words), { env: this.#environment(variables) as NodeJS.ProcessEnv });
    this.#spawned.push(child);
    return child;
  }

  /** `ip -j …` inside, parsed. */
  ip(...parameters: readonly string[]): readonly IpRecord[] {
    // iproute2 prints an empty object for what a filter left out.
    const records = JSON.parse(this.exec('ip', '-j', '-d', ...parameters) || '[]') as readonly IpRecord[];
    return records.map((record) =>
      record.addr_info === undefined
        ? record
        : { ...record, addr_info: record.addr_info.filter(({ local }) => local !== undefined) },
    );
  }

  /** The same where exactly one record is asked for. @throws where there is none */
  ipOne(...parameters: readonly string[]): IpRecord {
    const [record] = this.ip(...parameters);
    if (record === undefined) throw new Error(`ip ${parameters.join(' ')} shows nothing`);
    return record;
  }

  /** What the kernel shows of links that plugins make: all but lo. */
  listLinkNames(netns?: string): readonly string[] {
    const links = netns === undefined ? this.ip('link') : this.ip('-n', netns, 'link');
    return links.map(({ ifname }) => ifname).filter((name) => name !== 'lo');
  }

  addNamespaces(...names: readonly string[]): void {
    for (const name of names) this.exec('ip', 'netns', 'add', name);
  }

  cni(call: CniCall): CniOutcome {
    return describeOutcome(this.try([EXECUTABLE], inputText(call), cniVariables(call)));
  }

  /** The same without waiting, for many at once. */
  async cniInParallel(call: CniCall): Promise<CniOutcome> {
    const child = this.spawn([EXECUTABLE], cniVariables(call));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.end(inputText(call));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return describeOutcome({ exitCode, stdout, stderr });
  }

  readJournal(): readonly InvocationEvent[] {
    const text = this.try(['cat', `${KernelWorld.state}/journal/invocations.ndjson`]).stdout;
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as InvocationEvent);
  }

  /** Files of reserved addresses in a network. */
  listReservations(network: string): readonly string[] {
    return this.try(['ls', `${KernelWorld.state}/ipam/${network}`])
      .stdout.split('\n')
      .filter((line) => line !== '');
  }

  [Symbol.dispose](): void {
    for (const child of this.#spawned) child.kill('SIGKILL');
    this.#holder.stdin?.end();
    this.#holder.kill('SIGKILL');
  }

  #enter(words: readonly string[]): string[] {
    return ['--preserve-credentials', ...this.#entry, '--', ...words];
  }

  #environment(variables: Readonly<Record<string, string>>): Record<string, string> {
    const own = { PODWIRE_STATE: KernelWorld.state, PODWIRE_RUN: KernelWorld.run, PODWIRE_NODE: 'test-node' };
    return { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...own, ...variables };
  }
}

/** @throws where the executable is not built or the machine forbids user namespaces */
export async function openKernelWorld(): Promise<KernelWorld> {
  if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: build it with node plugin/build.ts`);
  const parameters = ['-Urnm', '--propagation', 'private', 'sh', '-c', PREPARE];
  const holder = spawn('unshare', parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
  let problem = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => {
    problem += text;
  });
  const isReady = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    once(holder, 'close').then(() => false),
  ]);
  if (!isReady) throw new Error(`no user namespace for the test: ${problem}`);
  return new KernelWorld(holder);
}

function inputText({ input }: CniCall): string {
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function cniVariables({
  command,
  containerId,
  netns,
  ifName,
  args,
  variables,
}: CniCall): Readonly<Record<string, string>> {
  const netnsPath = netns === undefined || netns === '' || netns.includes('/') ? netns : `/run/netns/${netns}`;
  return Object.fromEntries(
    Object.entries({
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: netnsPath,
      CNI_IFNAME: ifName,
      CNI_ARGS: args,
      CNI_PATH: '/opt/cni/bin',
      ...variables,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function describeOutcome(outcome: ProgramOutcome): CniOutcome {
  const answer = JSON.parse(outcome.stdout || '{}') as CniAnswer;
  const addresses = (answer.ips ?? []).map(({ address }) => address);
  return { ...outcome, answer, hostVethName: answer.interfaces?.[1]?.name ?? 'none in the result', addresses };
}
