import { randomBytes } from 'node:crypto';
import { isManaged, managementSwitchPath } from '#plugin/install/management-switch.ts';
import { formatUuidV7 } from '#plugin/journal/uuid-v7.ts';
import type { ReportQueue } from '../report-queue.ts';
import { WakeSignal } from '../wake-signal.ts';
import { describeError, type WriteLog } from '../write-log-line.ts';
import { concernsNetwork } from './concerns-network.ts';
import { describeApiTrouble, describeSwitchedOff, describeUnreadable } from './describe-findings.ts';
import { FindingBook } from './finding-book.ts';
import { NetworkNotifications } from './network-notifications.ts';
import type { NetworkSettings } from './network-settings.ts';
import { NodeNetwork } from './node-network.ts';
import type { FoundProblem } from './node-network-plan.ts';
import { type DriftReport, type Round, UNREADABLE_RETRY_MS } from './reconciler.ts';
import { type NodesByName, watchNodes } from './watch-nodes.ts';
import { WatchedFolders } from './watched-folders.ts';

export type Keeper = {
  /** The node's name in the cluster. */
  readonly node: string;
  readonly settings: NetworkSettings;
  readonly reports: ReportQueue;
  /** There is something to report. */
  readonly onReport: () => void;
  readonly log: WriteLog;
  readonly signal: AbortSignal;
};

const RESYNC_MS = 30_000;
/** Changes come in groups. */
const DEBOUNCE_MS = 20;
/** Looking takes a tenth of one core at most, however much moves; a round that started programs is not waited for as long as that. */
const REST_PER_ROUND = 9;
const LONGEST_REST_MS = 500;

/**
 * Keeps the node's pod network as the cluster's nodes ask for it until aborted: at every change of theirs, at every notification
 * of the kernel, when somebody touches the configuration's directory, and every 30 s. Nothing is taken away at the end: pods live on.
 */
export async function keepNodeNetwork(keeper: Keeper): Promise<void> {
  const { settings, log, signal } = keeper;
  const wake = new WakeSignal();
  using notifications = new NetworkNotifications({ hasOverlay: settings.backend === 'vxlan' });
  using folders = new WatchedFolders([settings.configurationDirectory, settings.stateDirectory], () => wake.notify());
  const cluster = followCluster(keeper, wake);
  const keeping = new Keeping(keeper);
  const notified = notifications.watch(
    () => wake.notify(),
    (message) => concernsNetwork(message, keeping.links),
  );
  notified.catch((error: unknown) => log('error', 'network notifications ended', { reason: describeError(error) }));
  let thoroughAtMs = 0;
  while (!signal.aborted) {
    const startMs = performance.now();
    const isThorough = startMs >= thoroughAtMs;
    if (isThorough) thoroughAtMs = startMs + RESYNC_MS;
    const dueAtMs = keeping.round({ ...cluster, startMs, isThorough }) ?? Number.POSITIVE_INFINITY;
    if (folders.open()) wake.notify();
    const endMs = performance.now();
    await rest(Math.min(LONGEST_REST_MS, DEBOUNCE_MS + (endMs - startMs) * REST_PER_ROUND), signal);
    await wake.wait(Math.max(1, Math.min(dueAtMs, thoroughAtMs) - performance.now()), signal);
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> => new WakeSignal().wait(ms, signal);

/** What is known of the cluster by now. */
type Cluster = { nodes: NodesByName | undefined; trouble: string | undefined };

function followCluster({ settings, log, signal }: Keeper, wake: WakeSignal): Cluster {
  const cluster: Cluster = { nodes: undefined, trouble: undefined };
  const watching = watchNodes({
    api: settings.api,
    signal,
    random: Math.random,
    onNodes: (nodes) => {
      cluster.nodes = nodes;
      wake.notify();
    },
    onTrouble: (reason) => {
      if (reason === cluster.trouble) return;
      if (reason === undefined) log('info', 'the Kubernetes API answers again');
      else log('warn', 'the Kubernetes API does not answer', { reason });
      cluster.trouble = reason;
      wake.notify();
    },
  });
  watching.catch((error: unknown) => log('error', 'the watch of nodes ended', { reason: describeError(error) }));
  return cluster;
}

type Moment = Readonly<Cluster> & { readonly startMs: number; readonly isThorough: boolean };

class Keeping {
  readonly #keeper: Keeper;
  readonly #network: NodeNetwork;
  readonly #findings = new FindingBook();

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    this.#network = new NodeNetwork(keeper.node, keeper.settings);
  }

  get links(): ReadonlySet<number> {
    return this.#network.links;
  }

  /** @returns when the next repair is due, on the clock of `startMs` */
  round(moment: Moment): number | undefined {
    const { settings } = this.#keeper;
    const { nodes, trouble } = moment;
    const problems: FoundProblem[] = [];
    let round: Round | undefined;
    const { unixSocket, baseUrl } = settings.api;
    if (trouble !== undefined) problems.push(describeApiTrouble(unixSocket ?? baseUrl, trouble, nodes !== undefined));
    if (!isManaged(settings.stateDirectory)) {
      this.#network.release();
      problems.push(describeSwitchedOff(managementSwitchPath(settings.stateDirectory)));
    } else if (nodes !== undefined) {
      round = this.#reconcile(nodes, moment);
    }
    this.#report(problems, round, nodes !== undefined || problems.length > 0);
    return round?.dueAtMs;
  }

  #reconcile(nodes: NodesByName, { startMs, isThorough }: Moment): Round {
    const { log } = this.#keeper;
    try {
      const now = new Date().toISOString();
      const round = this.#network.reconcile({ nodes, nowMs: startMs, now, isThorough });
      if (round.changes.length > 0) log('info', 'the pod network was changed', { changes: [...round.changes] });
      for (const { kind, object, found, outcome } of round.drifts) {
        log('warn', 'the pod network had drifted', { kind, object, found, outcome });
      }
      return round;
    } catch (error) {
      const reason = describeError(error);
      log('error', 'the pod network could not be looked at', { reason });
      return {
        drifts: [],
        changes: [],
        findings: [describeUnreadable(reason)],
        dueAtMs: startMs + UNREADABLE_RETRY_MS,
      };
    }
  }

  /** @param isKnown before that, there is nothing to say, and what an earlier agent found still stands */
  #report(problems: readonly FoundProblem[], round: Round | undefined, isKnown: boolean): void {
    const { reports, onReport } = this.#keeper;
    const now = new Date();
    for (const drift of round?.drifts ?? []) reports.addDrift(date(drift, now));
    const findings = this.#findings.date([...problems, ...(round?.findings ?? [])], now.toISOString());
    const isNews = isKnown && reports.setFindings(findings);
    if (isNews || (round?.drifts.length ?? 0) > 0) onReport();
  }
}

function date(drift: DriftReport, now: Date): Parameters<ReportQueue['addDrift']>[0] {
  return { ...drift, id: formatUuidV7(now.getTime(), randomBytes(10)), time: now.toISOString() };
}
