import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  execFile,
  execFileSync,
  spawn,
} from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The executable under test: what `npm run build` makes, or the one named by PODWIRE_EXECUTABLE. */
export const podwireExecutable = process.env.PODWIRE_EXECUTABLE ?? join(import.meta.dirname, '../../dist/podwire');

/** Why kernel tests cannot run here; `undefined` where they can. */
export function findSandboxObstacle(): string | undefined {
  if (!existsSync(podwireExecutable)) return `${podwireExecutable} is not built: npm run build`;
  try {
    execFileSync('unshare', ['-Urnm', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no user namespaces here: ${String(error)}`;
  }
}

const setup = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
ip link set lo up
sysctl -qw net.ipv6.conf.default.accept_dad=0
echo ready
sleep infinity & wait`;

/**
 * A node of its own for one test: user, network, mount and pid namespace with an empty /run. Nothing outside changes, no
 * packet leaves, and all of it ends with {@link KernelSandbox.stop}.
 */
export class KernelSandbox {
  /** On the host's disk, seen under the same path from inside. */
  readonly folder = mkdtempSync(join(tmpdir(), 'podwire-agent-'));
  readonly #holder: ChildProcess;
  readonly #enter: readonly string[];

  private constructor(holder: ChildProcess, { firstPid, hasOwnUser }: { firstPid: string; hasOwnUser: boolean }) {
    this.#holder = holder;
    const user = hasOwnUser ? ['-U', '--preserve-credentials'] : [];
    this.#enter = ['-t', firstPid, ...user, '-n', '-m', '-p', '--'];
  }

  /** @param hasOwnUser false: root of the machine, which alone may load BPF programs */
  static async start({ hasOwnUser = true } = {}): Promise<KernelSandbox> {
    const places = hasOwnUser ? '-Urnm' : '-nm';
    const options = [places, '-p', '-f', '--kill-child', '--mount-proc', '--propagation', 'private'];
    const holder = spawn('unshare', [...options, 'sh', '-c', setup], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
    });
    const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
    return new KernelSandbox(holder, { firstPid: children.trim().split(' ')[0] ?? '', hasOwnUser });
  }

  /** Runs a shell script inside, with `-e`. @returns its stdout @throws where it fails, with its stderr */
  run(script: string): string {
    return execFileSync('nsenter', [...this.#enter, 'sh', '-ec', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
      timeout: 60_000,
    });
  }

  /** The same without waiting. @throws where it fails */
  async runAside(script: string): Promise<void> {
    await promisify(execFile)('nsenter', [...this.#enter, 'sh', '-ec', script]);
  }

  /** @returns what a command inside prints, as JSON; an empty output counts as an empty list, as iproute2 means it */
  readJson<T>(command: string): T {
    const output = this.run(command).trim();
    return JSON.parse(output === '' ? '[]' : output);
  }

  /** Starts the executable under test inside. `pid` is that of `nsenter`; find the inner one by {@link findPids}. */
  startPodwire(command: string, env: Readonly<Record<string, string>>): ChildProcess {
    return spawn('nsenter', [...this.#enter, podwireExecutable, command], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** Starts a program inside, with pipes on all three of its streams. */
  startProgram(command: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn('nsenter', [...this.#enter, ...command]);
  }

  /** Process ids, as seen inside, of `podwire <command>`. */
  findPids(command: string): string[] {
    const script = `for d in /proc/[0-9]*; do
      tr '\\0' ' ' < $d/cmdline 2>/dev/null | grep -q "podwire ${command} *$" && echo \${d#/proc/} || true
    done`;
    return this.run(script).split('\n').filter(Boolean);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#holder.once('exit', resolve));
    this.#holder.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
