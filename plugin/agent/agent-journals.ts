import type { AgentStatus } from '#model/agent/agent-status.ts';
import { journalFolder } from '#plugin/journal/list-journal-files.ts';
import { isOpenForWriting } from '#plugin/netlink/libc.ts';
import type { AgentSettings } from './agent-settings.ts';
import { JournalPart } from './journal-part.ts';
import { JournalTail } from './journal-tail.ts';
import type { WriteLog } from './write-log-line.ts';

const MIB = 1024 * 1024;
/** In memory, and below what the plugin itself leaves there. */
const runBounds = { fileBytes: 2 * MIB, totalBytes: 16 * MIB } as const;

/** The two journals of a node: on its disk, and in memory for when that is full. */
export class AgentJournals {
  readonly folders: readonly string[];
  readonly parts: readonly JournalPart[];
  readonly #tails: readonly JournalTail[];

  /** @param nowMs of a clock that never jumps */
  constructor(settings: AgentSettings, { log, nowMs }: { readonly log: WriteLog; readonly nowMs: () => number }) {
    const { stateFolder, runFolder, journalFileBytes: fileBytes, journalTotalBytes: totalBytes } = settings;
    const places = [
      { directory: stateFolder, fileBytes, totalBytes },
      { directory: runFolder, ...runBounds },
    ];
    this.folders = places.map(({ directory }) => journalFolder(directory));
    this.#tails = places.map((place) => new JournalTail({ ...place, isOpenForWriting, nowMs, log }));
    this.parts = this.#tails.map((tail) => new JournalPart(tail, log));
  }

  tidy(): void {
    for (const tail of this.#tails) tail.tidy();
  }

  measure(): AgentStatus['journal'] {
    const counts = this.parts.map((part) => part.counts);
    return {
      shippedLines: sum(counts.map(({ shippedLines }) => shippedLines)),
      unreadableLines: sum(counts.map(({ unreadableLines }) => unreadableLines)),
      refusedLines: sum(counts.map(({ refusedLines }) => refusedLines)),
      droppedLines: sum(this.#tails.map(({ lostLines }) => lostLines)),
      waitingBytes: sum(this.#tails.map((tail) => tail.countWaitingBytes())),
    };
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
