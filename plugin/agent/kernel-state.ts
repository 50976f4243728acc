import type { NetnsId, NetworkNamespace } from '#model/kernel/kernel-snapshot.ts';
import { BpfPrograms } from '#plugin/netlink/bpf-programs.ts';
import { NetlinkError } from '#plugin/netlink/netlink-socket.ts';
import { RTM } from '#plugin/netlink/netlink-tables.ts';
import { readNsidNotice } from '#plugin/netlink/read-local-netns-id.ts';
import { TableReader } from '#plugin/netlink/read-namespace-tables.ts';
import { findCorrections } from './find-corrections.ts';
import { type FoundNamespace, findNamespaces } from './find-namespaces.ts';
import type { KernelCounts } from './kernel-counts.ts';
import type { Notices } from './kernel-notifications.ts';
import { type KnownNamespace, renameNamespace } from './known-namespace.ts';
import { listUnresolvedLinks } from './list-unresolved-links.ts';
import { NetnsNumbers } from './netns-numbers.ts';
import { patchNamespace, type StalePart, type TouchedLink } from './patch-namespace.ts';
import { glanceAtRules, type ReadingContext, readNamespace } from './read-namespace.ts';
import { findRuleKinds } from './read-rules-mark.ts';
import { readStaleParts, type StaleParts } from './read-stale-parts.ts';
import { SettingFiles } from './read-sysctls.ts';
import { type RulesGlance, refreshNetfilter } from './refresh-netfilter.ts';
import { describeError, type WriteLog } from './write-log-line.ts';

/** What costs more than it tells is read of each namespace at every tenth resync: counters of rules. */
const resyncsPerTurn = 10;

/** Of each namespace: enough to see what the kernel was silent about. */
const loggedCorrections = 5;

/**
 * The kernel state of every namespace of this node: what was read, with the notifications put in that came since. Its
 * methods wait for each other, so that a snapshot asked for while it is being read is a whole one.
 */
export class KernelState {
  readonly #log: WriteLog;
  readonly #isFollowing: boolean;
  readonly #tables = new TableReader();
  readonly #settings = new SettingFiles();
  readonly #programs = new BpfPrograms();
  readonly #numbers = new NetnsNumbers();
  readonly #known = new Map<NetnsId, KnownNamespace>();
  readonly #unreadable = new Set<NetnsId>();
  /** Numbers of namespaces that are nowhere to be found: they come from a namespace that is ending. */
  readonly #strangers = new Set<number>();
  #found: ReadonlyMap<NetnsId, FoundNamespace> = new Map();
  #namespaces: ReadonlyMap<NetnsId, NetworkNamespace> = new Map();
  #counts: KernelCounts = { resyncs: 0, corrections: 0, notificationOverflows: 0, interruptedDumps: 0 };
  #turn: Promise<unknown> = Promise.resolve();

  /** @param isFollowing gives namespaces the number that notifications about them need */
  constructor(log: WriteLog, { isFollowing }: { readonly isFollowing: boolean }) {
    this.#log = log;
    this.#isFollowing = isFollowing;
  }

  get namespaces(): ReadonlyMap<NetnsId, NetworkNamespace> {
    return this.#namespaces;
  }

  get counts(): KernelCounts {
    return this.#counts;
  }

  /** Reads everything anew, counters of rules included. */
  readEverything(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#readAll({ drain: () => noNotices, isDue: () => false, isCounting: true });
    });
  }

  /**
   * Reads everything and counts what notifications had told wrongly or not at all.
   * @param drain takes the notifications that came since the last time
   * @returns false where notifications were lost meanwhile: it has to be done again
   */
  resync(drain: () => Notices): Promise<boolean> {
    return this.#inTurn(async () => {
      const isFirst = this.#counts.resyncs === 0;
      const turn = this.#counts.resyncs % resyncsPerTurn;
      const isDue = (place: number) => !isFirst && place % resyncsPerTurn === turn;
      const isWhole = await this.#readAll({ drain, isDue, isCounting: false });
      this.#add({ resyncs: 1 });
      return isWhole;
    });
  }

  /**
   * Puts notifications in, and reads what they do not tell.
   * @param hasNewNames namespaces may have come or gone without a notification
   * @returns false where some were lost: a resync has to follow
   */
  apply(notices: Notices, hasNewNames: boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#refreshRules(this.#putIn(notices, hasNewNames ? 'names' : 'nowhere'), () => false);
      return this.#noteOverflow(notices);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work).finally(() => {
      this.#namespaces = new Map([...this.#known].map(([id, { namespace }]) => [id, namespace]));
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #readAll({ drain, isDue, isCounting }: FullReading): Promise<boolean> {
    const early = drain();
    this.#noteOverflow(early);
    this.#strangers.clear();
    this.#programs.refresh();
    const known = new Set(this.#known.keys());
    const glances = new Map(this.#putIn(early, 'everywhere'));
    // What is new was read just now.
    const told = new Map([...this.#known].filter(([id]) => known.has(id)));
    const context = this.#context();
    const counted = new Set([...told.keys()].filter((_, place) => isDue(place)));
    for (const [id, known] of told) {
      const reading = this.#try(known.found, () => readNamespace(known.found, context, known));
      if (reading === 'unsettled') continue;
      this.#put(id, reading?.known);
      if (reading !== undefined) glances.set(id, reading.glance);
    }
    this.#tables.forgetUnseen();
    this.#settings.keepOnly(this.#known);
    const late = drain();
    this.#compare(told, late);
    for (const [id, glance] of this.#putIn(late, 'nowhere')) glances.set(id, glance);
    await this.#refreshRules(glances, (id) => isCounting || counted.has(id));
    return this.#noteOverflow(late);
  }

  /** Both sides get what came while they were read: whatever still differs was missed. */
  #compare(told: ReadonlyMap<NetnsId, KnownNamespace>, late: Notices): void {
    const messages = new Map(
      [...late.byLocalId].map(([number, notices]) => [this.#identify(number), notices.messages]),
    );
    for (const [id, before] of told) {
      const after = this.#known.get(id);
      if (after === undefined || after.namespace === before.namespace) continue;
      const sides = [before, after].map((known) => patchNamespace(known, messages.get(id) ?? []));
      const unknown = new Set<StalePart>(sides.flatMap(({ stale }) => [...stale]));
      if (sides.some(({ staleLinks }) => staleLinks.size > 0)) unknown.add('links');
      const [one, other] = sides.map(({ known }) => known.namespace);
      if (one === undefined || other === undefined) continue;
      const corrections = findCorrections(one, other, unknown);
      if (corrections.length === 0) continue;
      this.#add({ corrections: corrections.length });
      const details = { namespace: id, count: corrections.length, records: corrections.slice(0, loggedCorrections) };
      this.#log('info', 'a full reading corrected what notifications had told', details);
    }
  }

  /** @returns glances at the rules of namespaces that are new, or whose rules changed */
  #putIn(notices: Notices, search: 'nowhere' | 'names' | 'everywhere'): ReadonlyMap<NetnsId, RulesGlance> {
    const glances = new Map<NetnsId, RulesGlance>();
    const hasStrangers = this.#noteNumbers(notices);
    if (search !== 'nowhere' || hasStrangers) this.#discover(hasStrangers || search === 'everywhere', glances);
    const touched: TouchedLink[] = [];
    for (const [number, { messages, hasNewRules }] of notices.byLocalId) {
      const id = this.#identify(number);
      const known = id === undefined ? undefined : this.#known.get(id);
      if (id === undefined || known === undefined) {
        if (number !== undefined) this.#strangers.add(number);
        continue;
      }
      const patched = patchNamespace(known, messages);
      touched.push(...patched.touchedLinks);
      this.#readParts(patched.known, patched);
      const glance = hasNewRules
        ? this.#try(known.found, () => glanceAtRules(known.found, this.#context()))
        : undefined;
      if (glance !== undefined && glance !== 'unsettled') glances.set(id, glance);
    }
    for (const { namespaceId, index } of touched) {
      const known = this.#known.get(namespaceId);
      if (known !== undefined) this.#readParts(known, { stale: new Set(['fdb']), staleLinks: new Set([index]) });
    }
    return glances;
  }

  /** @returns true where somebody unknown speaks */
  #noteNumbers({ byLocalId }: Notices): boolean {
    const speakers = new Set(byLocalId.keys());
    for (const { type, body } of byLocalId.get(undefined)?.messages ?? []) {
      const number = type === RTM.DELNSID || type === RTM.NEWNSID ? readNsidNotice(body) : undefined;
      if (number === undefined) continue;
      this.#strangers.delete(number);
      if (type === RTM.NEWNSID) speakers.add(number);
      const ended = type === RTM.DELNSID ? this.#numbers.forget(number) : undefined;
      if (ended !== undefined) this.#known.delete(ended);
    }
    const known = this.#numbers.idByNumber;
    return [...speakers].some((number) => number !== undefined && !known.has(number) && !this.#strangers.has(number));
  }

  /** Finds namespaces that came, reads them, and forgets those that went. */
  #discover(withProcesses: boolean, glances: Map<NetnsId, RulesGlance>): void {
    const found = new Map(findNamespaces({ withProcesses }).map((each) => [each.id, each]));
    for (const [id, known] of this.#known) {
      // One that only processes hold is looked for among them, or not at all.
      if (!withProcesses && known.found.names.length === 0 && !found.has(id)) found.set(id, known.found);
    }
    this.#found = found;
    for (const id of this.#known.keys()) if (!found.has(id)) this.#known.delete(id);
    this.#numbers.learn(found.values(), this.#isFollowing);
    const context = this.#context();
    let hasNew = false;
    for (const [id, place] of found) {
      const known = this.#known.get(id);
      if (known !== undefined) {
        this.#known.set(id, renameNamespace(known, place));
        continue;
      }
      const reading = this.#try(place, () => readNamespace(place, context, undefined));
      if (reading === undefined || reading === 'unsettled') continue;
      hasNew = true;
      this.#known.set(id, reading.known);
      glances.set(id, reading.glance);
    }
    if (!hasNew) return;
    for (const known of this.#known.values()) {
      this.#readParts(known, { stale: new Set(), staleLinks: listUnresolvedLinks(known.namespace) });
    }
  }

  #readParts(known: KnownNamespace, parts: StaleParts): void {
    const read = this.#try(known.found, () => readStaleParts(known, parts, this.#context()));
    this.#put(known.found.id, read === 'unsettled' ? known : read);
  }

  async #refreshRules(glances: ReadonlyMap<NetnsId, RulesGlance>, isCounting: (id: NetnsId) => boolean): Promise<void> {
    for (const [id, glance] of glances) {
      const known = this.#known.get(id);
      if (known !== undefined) this.#known.set(id, await refreshNetfilter(known, glance, isCounting(id)));
    }
  }

  #identify(number: number | undefined): NetnsId | undefined {
    if (number !== undefined) return this.#numbers.idByNumber.get(number);
    for (const { id, kind } of this.#found.values()) if (kind === 'root') return id;
    return undefined;
  }

  /** Its number may go to another namespace: what was read of one that is gone must not stay. */
  #put(id: NetnsId, known: KnownNamespace | undefined): void {
    if (known === undefined) this.#known.delete(id);
    else this.#known.set(id, known);
  }

  #context(): ReadingContext {
    return {
      tables: this.#tables,
      settings: this.#settings,
      programs: this.#programs,
      all: this.#found,
      rootNetnsIds: this.#numbers.idByNumber,
      ruleKinds: findRuleKinds(),
      noteInterruptedDumps: (interruptedDumps) => this.#add({ interruptedDumps }),
    };
  }

  #noteOverflow({ hasOverflowed }: Notices): boolean {
    if (!hasOverflowed) return true;
    this.#add({ notificationOverflows: 1 });
    // Some may have been taken back, and given to others.
    this.#numbers.forgetAll();
    return false;
  }

  #add(more: Partial<KernelCounts>): void {
    const counts: { -readonly [name in keyof KernelCounts]: number } = { ...this.#counts };
    for (const name of Object.keys(more) as (keyof KernelCounts)[]) counts[name] += more[name] ?? 0;
    this.#counts = counts;
  }

  /** @returns `undefined` where the namespace is gone or refuses to be read, `unsettled` where it never held still */
  #try<T>(place: FoundNamespace, read: () => T | undefined): T | 'unsettled' | undefined {
    try {
      const outcome = read();
      this.#unreadable.delete(place.id);
      return outcome;
    } catch (error) {
      if (!this.#unreadable.has(place.id)) {
        const details = { namespace: place.id, path: place.openPath, reason: describeError(error) };
        this.#log('warn', 'a network namespace cannot be read', details);
        this.#unreadable.add(place.id);
      }
      return error instanceof NetlinkError && error.code === 'EINTR' ? 'unsettled' : undefined;
    }
  }
}

interface FullReading {
  readonly drain: () => Notices;
  /** Whether it is the turn of the namespace at this place for the counters of its rules. */
  readonly isDue: (place: number) => boolean;
  /** Counters of every rule are wanted. */
  readonly isCounting: boolean;
}

const noNotices: Notices = { byLocalId: new Map(), hasOverflowed: false };
