import type { ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { KernelSandbox, podwireExecutable } from './kernel-sandbox.ts';
import { TestCollector } from './test-collector.ts';
import { makeJournalLine } from './test-journal.ts';

/** Of the plugin as a runtime calls it: a DEL of nothing succeeds, leaves no trace but its line, and is fast. */
const configuration = '{"cniVersion":"1.0.0","name":"net","type":"podwire","podcidr":"10.240.2.0/24"}';

/** A node of its own with a collector that obeys the test, and agents that die by SIGKILL. */
export class TestAgentNode {
  readonly sandbox: KernelSandbox;
  readonly collector: TestCollector;
  /** PODWIRE_STATE */
  readonly stateFolder: string;
  readonly #socketPath: string;
  #agents: ChildProcess[] = [];
  /** What agents have said on stderr. */
  log = '';

  private constructor(sandbox: KernelSandbox) {
    this.sandbox = sandbox;
    this.stateFolder = join(sandbox.folder, 'state');
    mkdirSync(this.stateFolder);
    this.#socketPath = join(sandbox.folder, 'collector.sock');
    this.collector = new TestCollector(this.#socketPath);
  }

  static async start(): Promise<TestAgentNode> {
    return new TestAgentNode(await KernelSandbox.start());
  }

  get journalFolder(): string {
    return join(this.stateFolder, 'journal');
  }

  startAgent(env: Readonly<Record<string, string>> = {}): void {
    const agent = this.sandbox.startPodwire('agent', {
      PODWIRE_NODE: 'k8s-node01',
      PODWIRE_STATE: this.stateFolder,
      PODWIRE_COLLECTOR: `unix:${this.#socketPath}`,
      ...env,
    });
    agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.#agents.push(agent);
  }

  /** SIGKILL, and it is gone. */
  async killAgent(): Promise<void> {
    const ended = this.#agents.map((agent) =>
      agent.exitCode === null && agent.signalCode === null
        ? new Promise((resolve) => agent.once('exit', resolve))
        : undefined,
    );
    const pids = this.sandbox.findPids('agent');
    if (pids.length > 0) this.sandbox.run(`kill -9 ${pids.join(' ')} 2>/dev/null || true`);
    for (const agent of this.#agents) agent.kill('SIGKILL');
    await Promise.all(ended);
    this.#agents = [];
  }

  /** Appends lines as the plugin does. */
  journal(...ids: string[]): void {
    mkdirSync(this.journalFolder, { recursive: true });
    appendFileSync(join(this.journalFolder, 'invocations.ndjson'), ids.map(makeJournalLine).join(''));
  }

  listJournalFiles(): string[] {
    return readdirSync(this.journalFolder).filter((name) => name.startsWith('invocations'));
  }

  /** What a shell inside has to run for one invocation of the real plugin. @returns a command that fails where it fails */
  pluginCommand(containerId: string): string {
    const variables = `CNI_COMMAND=DEL CNI_CONTAINERID=${containerId} CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin`;
    const own = `PODWIRE_STATE=${this.stateFolder} PODWIRE_NODE=k8s-node01`;
    return `echo '${configuration}' | env ${variables} ${own} ${podwireExecutable}`;
  }

  /** Container ids of the invocations that the collector has, one for each event id. */
  get receivedContainers(): string[] {
    const byEvent = new Map<string, string>();
    for (const record of this.collector.records) {
      if (record.type === 'invocation') byEvent.set(record.event.id, record.event.data.env.containerId ?? '');
    }
    return [...byEvent.values()];
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents) agent.kill('SIGKILL');
    await this.collector.close();
    await this.sandbox.stop();
  }
}
