import type { Drift } from '#model/agent/drift.ts';
import type { Finding } from '#model/findings/finding.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';

/** Drifts that wait; each is a few hundred bytes. */
const LARGEST_QUEUE = 1_000;

/**
 * What the agent has to say beside journal and kernel, until it is acknowledged: drifts, and all that it finds wrong now. Bounded
 * without a collector too: repeated drifts of one object become one with a count, and the oldest go when there are too many.
 */
export class ReportQueue {
  #drifts: Drift[] = [];
  #findings: { readonly list: readonly Finding[]; isTold: boolean } | undefined;
  #inFlight: ReadonlySet<unknown> = new Set();
  #dropped = 0;

  /** Drifts that nobody will hear of. */
  get dropped(): number {
    return this.#dropped;
  }

  addDrift(drift: Drift): void {
    const place = this.#drifts.findIndex((known) => isSameDrift(known, drift) && !this.#inFlight.has(known));
    const [known] = place < 0 ? [] : this.#drifts.splice(place, 1);
    this.#drifts.push(known === undefined ? drift : { ...drift, repeats: (known.repeats ?? 1) + (drift.repeats ?? 1) });
    if (this.#drifts.length <= LARGEST_QUEUE) return;
    this.#drifts.shift();
    this.#dropped += 1;
  }

  /** @returns whether that is news */
  setFindings(findings: readonly Finding[]): boolean {
    if (this.#findings !== undefined && JSON.stringify(this.#findings.list) === JSON.stringify(findings)) return false;
    this.#findings = { list: findings, isTold: false };
    return true;
  }

  /** The collector lost track: the findings are told anew. */
  forget(): void {
    if (this.#findings !== undefined) this.#findings.isTold = false;
  }

  /** What is to be sent. The same again until it is acknowledged. */
  take(): readonly BatchRecord[] {
    this.#inFlight = new Set<unknown>([...this.#drifts, this.#findings]);
    const drifts = this.#drifts.map((drift): BatchRecord => ({ type: 'drift', drift }));
    const findings = this.#findings;
    if (findings === undefined || findings.isTold) return drifts;
    return [...drifts, { type: 'agent.findings', findings: [...findings.list] }];
  }

  /** What was taken last has arrived. */
  acknowledge(): void {
    this.#drifts = this.#drifts.filter((drift) => !this.#inFlight.has(drift));
    if (this.#findings !== undefined && this.#inFlight.has(this.#findings)) this.#findings.isTold = true;
    this.#inFlight = new Set();
  }
}

function isSameDrift(one: Drift, other: Drift): boolean {
  return (
    one.kind === other.kind && one.object === other.object && one.found === other.found && one.outcome === other.outcome
  );
}
