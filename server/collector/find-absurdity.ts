import type { BatchHeader, BatchRecord } from '#model/protocol/agent-batch.ts';

/** Names of Kubernetes nodes and of hosts. */
const NODE_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
/** Printable ASCII: what is an identity here must be the same text in JSON, in SQLite and in a URL. */
const IDENTITY = /^[\x21-\x7e]{1,200}$/;
const FIRST_YEAR_MS = Date.UTC(1970);
const LAST_YEAR_MS = Date.UTC(2200);

/**
 * Why a header or record, though of the right shape, cannot be true: a date that is none, an identity that would not stay the
 * same on its way, a node's name that no node has. `undefined` for what can be.
 */
export function findHeaderAbsurdity(header: BatchHeader): string | undefined {
  if (!NODE_NAME.test(header.node)) return `${quote(header.node)} is no name of a node`;
  if (!IDENTITY.test(header.bootId)) return `${quote(header.bootId)} is no boot id`;
  return findBadTime({ sentAt: header.sentAt });
}

export function findRecordAbsurdity(record: BatchRecord): string | undefined {
  switch (record.type) {
    case 'invocation': {
      const { id, time, data } = record.event;
      if (!IDENTITY.test(id)) return `${quote(id)} is no event id`;
      const texts = [data.env.containerId, data.env.ifName, data.pod?.namespace, data.pod?.name, data.pod?.uid];
      const broken = texts.find((text) => text !== undefined && !isWhole(text));
      return broken === undefined
        ? findBadTime({ time, startedAt: data.startedAt })
        : `${quote(broken)} holds half a character or NUL`;
    }
    case 'kernel.snapshot':
      return findBadTime({ time: record.snapshot.time });
    case 'kernel.delta':
      return findBadTime({ time: record.delta.time });
    case 'agent.findings':
      return record.findings.map(({ since }) => findBadTime({ since })).find((each) => each !== undefined);
    case 'drift':
      return findBadTime({ time: record.drift.time });
    default:
      return undefined;
  }
}

function findBadTime(times: Readonly<Record<string, string>>): string | undefined {
  for (const [name, text] of Object.entries(times)) {
    const ms = Date.parse(text);
    if (Number.isNaN(ms)) return `${name}: ${quote(text)} is no time`;
    if (ms < FIRST_YEAR_MS || ms >= LAST_YEAR_MS) return `${name}: ${quote(text)} is outside of 1970 to 2200`;
  }
  return undefined;
}

const isWhole = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Short: a problem must not be as long as what it is about. */
const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
