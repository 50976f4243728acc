import { EventsBody } from '#model/protocol/rest.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';
import type { CollectorClient } from './collector-client.ts';

const PAGE = 1000;

/** Every invocation that the collector knows of, newest first, page by page as the dashboard reads them. */
export async function readTimeline(
  collector: CollectorClient,
  filter: Readonly<Record<string, string>> = {},
): Promise<readonly InvocationSummary[]> {
  const found: InvocationSummary[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ ...filter, limit: String(PAGE), ...(cursor !== undefined && { cursor }) });
    const page = EventsBody.parse(await collector.get(`/api/v1/events?${query}`));
    found.push(...page.events);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}
