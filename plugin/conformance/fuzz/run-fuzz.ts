import type { FuzzCase, FuzzPlan } from './fuzz-case.ts';
import { makeFuzzCase } from './fuzz-case.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { judgeOutcome } from './judge-outcome.ts';
import { compareFacts, type KernelFact } from './read-kernel-state.ts';

export type FuzzFinding = {
  readonly problem: string;
  /** Which case of the seed, and what it was; absent where only a batch as a whole shows it. */
  readonly cases: string;
  readonly variables?: FuzzCase['variables'];
  readonly input?: string;
  readonly output?: string;
};

export type FuzzReport = {
  readonly seed: number;
  readonly inputs: number;
  /** Invocations per `<command> <exit code or error code>`. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: readonly FuzzFinding[];
};

const FINDINGS_LIMIT = 25;
const SHOWN_CHARACTERS = 1500;

/** Runs cases in batches, several at a time; after each batch the node has to be as it was before. */
export class FuzzRun {
  readonly #world: FuzzWorld;
  readonly #plan: FuzzPlan;
  readonly #outcomes: Record<string, number> = {};
  readonly #findings: FuzzFinding[] = [];
  #inputs = 0;
  /** The node after the batch before. */
  #state: readonly KernelFact[] = [];

  constructor(world: FuzzWorld, plan: FuzzPlan) {
    this.#world = world;
    this.#plan = plan;
  }

  async run(inputs: number): Promise<FuzzReport> {
    await this.#world.furnish(this.#plan.lanes);
    this.#world.takeJournal();
    this.#state = this.#world.readState();
    while (this.#inputs < inputs && this.#findings.length < FINDINGS_LIMIT) {
      const count = Math.min(this.#plan.batch, inputs - this.#inputs);
      await this.#runBatch(
        Array.from({ length: count }, (_, offset) => makeFuzzCase(this.#plan, this.#inputs + offset)),
      );
      this.#inputs += count;
    }
    return { seed: this.#plan.seed, inputs: this.#inputs, outcomes: this.#outcomes, findings: this.#findings };
  }

  async #runBatch(cases: readonly FuzzCase[]): Promise<void> {
    const { lanes } = this.#plan;
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        for (const one of cases) if (one.index % lanes === lane) await this.#runCase(one);
      }),
    );
    const problem = this.#findChange();
    if (problem === undefined) return;
    const culprit = await this.#findCulprit(cases);
    if (culprit === undefined) this.#findings.push({ problem, cases: `${cases[0]?.index} to ${cases.at(-1)?.index}` });
    else this.#report(culprit.problem, culprit.one);
  }

  /** Runs the cases again, one after the other, and halves what changes the node until one case is left. */
  async #findCulprit(cases: readonly FuzzCase[]): Promise<{ problem: string; one: FuzzCase } | undefined> {
    for (const one of cases) await this.#runCase(one);
    const problem = this.#findChange();
    const [one] = cases;
    if (problem === undefined || one === undefined) return undefined;
    if (cases.length === 1) return { problem, one };
    const half = Math.ceil(cases.length / 2);
    return (await this.#findCulprit(cases.slice(0, half))) ?? (await this.#findCulprit(cases.slice(half)));
  }

  async #runCase(one: FuzzCase): Promise<void> {
    const command = one.variables.CNI_COMMAND ?? '';
    const outcome = await this.#world.invoke(one.variables, one.input);
    const problem = judgeOutcome(command, outcome);
    if (problem !== undefined) this.#report(problem, one, `${outcome.stdout}${outcome.stderr}`);
    this.#count(command, outcome);
    if (command !== 'ADD' || outcome.exitCode !== 0) return;
    const deleted = await this.#world.invoke({ ...one.variables, CNI_COMMAND: 'DEL' }, one.input);
    const complaint = judgeOutcome('DEL', deleted) ?? (deleted.exitCode === 0 ? undefined : 'DEL failed after ADD');
    if (complaint !== undefined) this.#report(complaint, one, `${deleted.stdout}${deleted.stderr}`);
  }

  #count(command: string, { exitCode, stdout }: { readonly exitCode: number | null; readonly stdout: string }): void {
    const [, code = 'none'] = /"code":(\d+)/.exec(stdout) ?? [];
    const key = `${/^[A-Z]+$/.test(command) ? command : 'other'} ${exitCode === 0 ? 'ok' : code}`;
    this.#outcomes[key] = (this.#outcomes[key] ?? 0) + 1;
  }

  #report(problem: string, one: FuzzCase, output = ''): void {
    const show = (text: string): string => text.slice(0, SHOWN_CHARACTERS);
    const variables = Object.fromEntries(Object.entries(one.variables).map(([name, value]) => [name, show(value)]));
    const input = show(one.input.toString('utf8'));
    this.#findings.push({ problem, cases: String(one.index), variables, input, output: show(output) });
  }

  /** @returns what is there, or gone, without reason; bridges that ADDs asked for are taken away again */
  #findChange(): string | undefined {
    const { bridges, hasChangedRules, invalid } = this.#world.takeJournal();
    for (const line of invalid) this.#findings.push({ problem: 'no valid journal line', cases: line });
    const after = this.#world.readState();
    // A name in a step may be a stranger's, as `lo`; what is no bridge was not made by it.
    const made = new Set(
      after.filter(({ text, link = '' }) => text.includes(' bridge ') && bridges.has(link)).map(({ link }) => link),
    );
    for (const link of made) this.#world.run('ip', 'link', 'del', 'dev', link ?? '');
    // A network's bridge, the VLAN link on it and its rules outlive its pods.
    const isFurniture = ({ link }: KernelFact): boolean => made.has(link) || made.has(link?.replace(/\.\d+$/, ''));
    const before = this.#state;
    this.#state = after.filter((fact) => !isFurniture(fact));
    const isCompared = ({ isRule }: KernelFact): boolean => !(isRule && hasChangedRules);
    const { added, removed } = compareFacts(before.filter(isCompared), this.#state.filter(isCompared));
    const problems = [...added.map((text) => `left behind: ${text}`), ...removed.map((text) => `gone: ${text}`)];
    return problems.length === 0 ? undefined : problems.join('\n');
  }
}
