import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICE_CIDR } from '../control-plane/control-plane.ts';
import type { Cluster } from '../start-cluster.ts';
import { connectToLan, runScript } from '../world/build-lan.ts';
import { Daemon } from '../world/daemon.ts';
import { type Namespaces, startNamespaces } from '../world/start-namespaces.ts';

const ADDRESS = '192.168.31.170';

/**
 * The machine of a person, on the LAN of the nodes: with the files and programs of the machine that the tests run on. The addresses of Services
 * lead to the control plane, as a company's router may have it.
 */
export class Desk {
  readonly machine: Namespaces;
  /** For whatever is kept there. */
  readonly folder: string;
  readonly #logs: string;
  readonly #kubectl: string;

  private constructor(machine: Namespaces, { world, logs, programs }: Cluster) {
    this.machine = machine;
    this.folder = join(world.directory, 'desk');
    this.#logs = logs;
    this.#kubectl = join(programs.kubernetes, 'kubectl');
  }

  static async open(cluster: Cluster): Promise<Desk> {
    const machine = await startNamespaces(cluster.world, 'desk', 'mount -t proc proc /proc');
    await connectToLan(cluster.world, machine, ADDRESS);
    await runScript(machine.enter, [`ip route add ${SERVICE_CIDR} via ${cluster.nodes[0].plan.address}`]);
    const desk = new Desk(machine, cluster);
    await mkdir(desk.folder, { recursive: true, mode: 0o700 });
    return desk;
  }

  /** A program of the machine, not started yet. */
  prepare(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Daemon {
    return new Daemon({ name, command, enter: this.machine.enter, env, logPath: join(this.#logs, `${name}.log`) });
  }

  /** A socket, seen from outside, that leads to an address which the desk reaches. */
  relayTo(host: string, port: number): string {
    const socket = join(this.folder, `${host}-${port}.sock`);
    const script = join(import.meta.dirname, 'relay.ts');
    this.prepare(`relay-${host}`, [process.execPath, script, socket, host, String(port)]).start();
    return socket;
  }

  /** Keeps a kubeconfig, readable for its owner alone. @returns its path */
  async keepKubeconfig(name: string, text: string): Promise<string> {
    const path = join(this.folder, `${name}.kubeconfig`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  /** `kubectl …` as the person of that kubeconfig, not started yet. */
  prepareKubectl(kubeconfig: string, ...words: readonly string[]): Daemon {
    return this.prepare(`kubectl-${words[0]}`, [this.#kubectl, `--kubeconfig=${kubeconfig}`, ...words]);
  }
}
