import type { Drift } from '#model/agent/drift.ts';
import { describeError } from '../write-log-line.ts';
import { describeUnreadable } from './describe-findings.ts';
import type { FoundProblem } from './node-network-plan.ts';
import type { Observation } from './observation.ts';
import { REPAIR_PACE, type RepairPace, RepairRecord } from './repair-record.ts';

/** Looks at one kind of object. Called when those before it are in place, as it may depend on them. */
export type Stage = () => readonly Observation[];

export type DriftReport = Omit<Drift, 'id' | 'time'>;

export type Round = {
  readonly drifts: readonly DriftReport[];
  readonly findings: readonly FoundProblem[];
  /** What was put in place for the first time, or removed after the plan changed; for the log. */
  readonly changes: readonly string[];
  /** When the next repair is due that was put off; undefined where none was. */
  readonly dueAtMs: number | undefined;
};

/**
 * Puts right what is not as it is wanted, and tells apart what that means: something new is set, something that was right has
 * drifted, or a repair fails. What is left over counts as drift only when the very same plan had been met before.
 */
export class Reconciler {
  readonly #pace: RepairPace;
  readonly #records = new Map<string, RepairRecord>();
  #settledPlan: string | undefined;

  constructor(pace: RepairPace = REPAIR_PACE) {
    this.#pace = pace;
  }

  /**
   * One look at everything.
   * @param plan text that is the same for the same plan
   */
  run(stages: readonly Stage[], plan: string, nowMs: number): Round {
    const round = new RoundNotes();
    const seen = new Set<string>();
    const isSettled = this.#settledPlan === plan;
    for (const stage of stages) {
      for (const observation of round.look(stage, nowMs)) {
        const key = identify(observation);
        seen.add(key);
        this.#treat(observation, { round, nowMs, isSettled });
      }
    }
    for (const [key, record] of this.#records) if (!seen.has(key)) this.#forget(key, record, nowMs);
    if (!round.isOpen) this.#settledPlan = plan;
    return round;
  }

  #treat(
    observation: Observation,
    { round, nowMs, isSettled }: { readonly round: RoundNotes; readonly nowMs: number; readonly isSettled: boolean },
  ): void {
    const { state, wanted } = observation;
    const record = this.#recordOf(observation);
    if (state === 'right') {
      record.noteRight(nowMs);
      if (record.isContended) round.noteContention(observation, record);
      return;
    }
    const isDrift = wanted === '' ? isSettled : record.isEstablished;
    if (nowMs < record.dueAtMs) {
      round.postpone(observation, record);
      return;
    }
    const hadFailed = record.failure !== undefined;
    try {
      observation.repair();
      record.noteRepair(nowMs, isDrift);
      round.noteRepair(observation, isDrift);
      if (record.isContended) round.noteContention(observation, record);
    } catch (error) {
      const reason = describeError(error);
      record.noteFailure(nowMs, reason);
      round.noteFailure(observation, record, isDrift && !hadFailed);
    }
  }

  #recordOf(observation: Observation): RepairRecord {
    const key = identify(observation);
    const known = this.#records.get(key);
    if (known !== undefined && known.wanted === observation.wanted) return known;
    const record = new RepairRecord(observation.wanted, this.#pace);
    this.#records.set(key, record);
    return record;
  }

  /** Left-over objects are remembered a while after they went: they may come again. */
  #forget(key: string, record: RepairRecord, nowMs: number): void {
    if (record.wanted !== '' || nowMs - record.dueAtMs > this.#pace.forgivenMs) this.#records.delete(key);
  }
}

/** A missing program may be installed, a table may hold still. */
export const UNREADABLE_RETRY_MS = 5_000;

const identify = ({ kind, object, key, wanted }: Observation): string =>
  `${kind} ${key ?? object}${wanted === '' ? ' extra' : ''}`;

class RoundNotes implements Round {
  readonly drifts: DriftReport[] = [];
  readonly findings: FoundProblem[] = [];
  readonly changes: string[] = [];
  dueAtMs: number | undefined;
  /** Something is not as it is wanted after this round. */
  isOpen = false;

  /** A stage that cannot even look must not keep the others from their work. */
  look(stage: Stage, nowMs: number): readonly Observation[] {
    try {
      return stage();
    } catch (error) {
      this.isOpen = true;
      this.findings.push(describeUnreadable(describeError(error)));
      this.#expect(nowMs + UNREADABLE_RETRY_MS);
      return [];
    }
  }

  noteRepair({ kind, object, state, command }: Observation, isDrift: boolean): void {
    if (isDrift && state !== 'right') this.drifts.push({ kind, object, found: state, outcome: 'repaired', command });
    else this.changes.push(`${kind} ${object}`);
  }

  noteFailure(observation: Observation, record: RepairRecord, isDrift: boolean): void {
    const { kind, object, state, command } = observation;
    const error = record.failure ?? '';
    if (isDrift && state !== 'right')
      this.drifts.push({ kind, object, found: state, outcome: 'failed', command, error });
    this.postpone(observation, record);
  }

  postpone(observation: Observation, record: RepairRecord): void {
    this.isOpen = true;
    this.#expect(record.dueAtMs);
    if (record.failure === undefined) this.noteContention(observation, record);
    else this.findings.push(describeFailure(observation, record.failure));
  }

  #expect(dueAtMs: number): void {
    this.dueAtMs = Math.min(this.dueAtMs ?? Number.POSITIVE_INFINITY, dueAtMs);
  }

  noteContention({ kind, object, key, command }: Observation, { repairs }: RepairRecord): void {
    this.findings.push({
      id: `repair-undone/${kind}/${key ?? object}`,
      rule: 'repair-undone',
      severity: 'warning',
      title: `Somebody keeps changing ${kind} ${object}; it was repaired ${repairs} times in a row, ever more slowly`,
      evidence: command === '' ? [] : [command],
      remedy:
        'Find the other program that manages it: another network plugin, a firewall service, a configuration tool',
      object: `${kind} ${object}`,
    });
  }
}

function describeFailure({ kind, object, key, command }: Observation, reason: string): FoundProblem {
  return {
    id: `repair-failed/${kind}/${key ?? object}`,
    rule: 'repair-failed',
    severity: 'error',
    title: `The ${kind} ${object} is not as it has to be, and cannot be set: ${reason}`,
    evidence: [reason],
    ...(command === '' ? {} : { remedy: command }),
    object: `${kind} ${object}`,
  };
}
