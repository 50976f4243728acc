import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { InvocationEvent } from '#model/cni/invocation-event.ts';
import { RESIDENT_NETWORK } from './fuzz-case.ts';
import type { FuzzOutcome } from './judge-outcome.ts';
import { type KernelFact, type RunProgram, readKernelState } from './read-kernel-state.ts';

const STATE_DIRECTORY = '/run/state';
const JOURNAL = `${STATE_DIRECTORY}/journal/invocations.ndjson`;

/** The plugin's own deadline is 30 s; behind that it hangs. */
const HANG_MS = 120_000;

/** A journal line of a damaged input can be long; beyond this nothing more is told of it. */
const OUTPUT_LIMIT = 64 * 1024;

export type JournalFacts = {
  /** Lines that are no event, each with the reason. */
  readonly invalid: readonly string[];
  /** Bridges that an ADD made sure of: a bridge stays when its pods go. */
  readonly bridges: ReadonlySet<string>;
  /** An ADD made sure of rules, or a GC took some that no pod needs. */
  readonly hasChangedRules: boolean;
};

/** The kernel world that this process runs in, with one attachment in it that no input may harm. */
export class FuzzWorld {
  readonly #executable: string;

  constructor(executable: string) {
    this.#executable = executable;
  }

  readonly run: RunProgram = (program, ...parameters) => {
    const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`${program} ${parameters.join(' ')} exited ${status}: ${stderr}`);
    return stdout;
  };

  /** @throws where the resident cannot be wired */
  async furnish(lanes: number): Promise<void> {
    this.run('mkfifo', '/run/fifo');
    this.run('mkdir', '-p', STATE_DIRECTORY);
    for (const name of ['resident', ...Array.from({ length: lanes }, (_, lane) => `pod${lane}`)]) {
      this.run('ip', 'netns', 'add', name);
      this.run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
    const variables = {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'resident',
      CNI_NETNS: '/run/netns/resident',
      CNI_IFNAME: 'eth0',
    };
    const { exitCode, stdout } = await this.invoke(variables, Buffer.from(JSON.stringify(RESIDENT_NETWORK)));
    if (exitCode !== 0) throw new Error(`the resident was not wired: ${stdout}`);
  }

  /** One process of the plugin with this environment and stdin. */
  invoke(variables: Readonly<Record<string, string>>, input: Buffer): Promise<FuzzOutcome> {
    const own = {
      PODWIRE_STATE: STATE_DIRECTORY,
      PODWIRE_RUN: '/run/podwire',
      PODWIRE_NODE: 'fuzz',
      PATH: process.env.PATH ?? '',
    };
    const child = spawn(this.#executable, [], {
      env: { ...own, ...variables } as unknown as NodeJS.ProcessEnv,
      timeout: HANG_MS,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    // A plugin that has seen enough does not read on.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal, ...output }));
    });
  }

  readState(): readonly KernelFact[] {
    return readKernelState(this.run, STATE_DIRECTORY);
  }

  /** Checks every line since the last call. */
  takeJournal(): JournalFacts {
    const lines = existsSync(JOURNAL) ? readFileSync(JOURNAL, 'utf8').split('\n').slice(0, -1) : [];
    if (lines.length > 0) truncateSync(JOURNAL, 0);
    const parsed = lines.map((line) => ({ line, event: parseEvent(line) }));
    const steps = parsed.flatMap(({ event }) => event?.data.steps ?? []);
    return {
      invalid: parsed.filter(({ event }) => event === undefined).map(({ line }) => line.slice(0, OUTPUT_LIMIT)),
      bridges: new Set(steps.filter(({ name }) => name === 'bridge.ensure').map(({ object = '' }) => object)),
      hasChangedRules: steps.some(
        ({ name, command }) => name === 'rules.ensure' || (name === 'rules.prune' && command !== ''),
      ),
    };
  }
}

function parseEvent(line: string): InvocationEvent | undefined {
  try {
    return InvocationEvent.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
