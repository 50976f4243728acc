import type { ClusterNode } from '../start-cluster.ts';
import { waitFor } from '../wait-for.ts';
import { readCalls } from './call-log.ts';
import type { CollectorClient } from './collector-client.ts';
import { readTimeline } from './timeline.ts';

type Wish = { readonly nodes: readonly ClusterNode[]; readonly collector: CollectorClient };

/** ADDs and DELs, each as `VERB container/interface`, sorted: what the runtime did, in either's words. */
export type RuntimeCalls = readonly string[];

/** As the witness on the nodes wrote them down. */
export async function readRuntimeCalls(nodes: readonly ClusterNode[]): Promise<RuntimeCalls> {
  return (await Promise.all(nodes.map(readCalls)))
    .flat()
    .filter(({ verb }) => verb === 'ADD' || verb === 'DEL')
    .map(({ verb, containerId, ifName }) => `${verb} ${containerId}/${ifName}`)
    .sort();
}

/** As the timeline of those nodes shows them. */
async function readShownCalls({ nodes, collector }: Wish): Promise<RuntimeCalls> {
  const timelines = await Promise.all(nodes.map(({ name }) => readTimeline(collector, { node: name })));
  return timelines
    .flat()
    .filter(({ verb }) => verb === 'ADD' || verb === 'DEL')
    .map(({ verb, containerId, ifName }) => `${verb} ${containerId}/${ifName}`)
    .sort();
}

/**
 * Waits until the timeline has each call of the runtimes and nothing else: none is missing, none doubled, while more may come.
 * @returns the calls
 */
export async function waitForWholeTimeline(wish: Wish): Promise<RuntimeCalls> {
  const read = async () => ({ called: await readRuntimeCalls(wish.nodes), shown: await readShownCalls(wish) });
  const explain = async () => {
    const { called, shown } = await read();
    return {
      called: called.length,
      shown: shown.length,
      missing: subtract(called, shown),
      surplus: subtract(shown, called),
    };
  };
  return await waitFor({ what: 'the whole timeline', explain }, async () => {
    const { called, shown } = await read();
    return JSON.stringify(called) === JSON.stringify(shown) && called;
  });
}

/** What the first has more often than the second. */
function subtract(from: RuntimeCalls, calls: RuntimeCalls): RuntimeCalls {
  const rest = [...calls];
  return from.filter((call) => {
    const index = rest.indexOf(call);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}
