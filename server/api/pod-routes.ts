import { setImmediate as breathe } from 'node:timers/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { PodBody, PodsBody } from '#model/protocol/rest.ts';
import { podKeyOf } from '#model/topology/match-attachments.ts';
import type { TopologyPod } from '#model/topology/topology.ts';
import { listEvents } from '../access/list-events.ts';
import { viewerOf } from '../auth/viewer-of.ts';
import type { IndexedPod, TopologyView } from '../topology/topology-view.ts';
import type { Api, ApiParts } from './api-context.ts';
import { compareText } from './compare-text.ts';
import { describeAnswers } from './describe-answers.ts';
import { respondProblem } from './problem-response.ts';
import { At, AtQuery } from './read-at.ts';

const PodParams = z.object({ namespace: z.string(), name: z.string() });
const PodsQuery = z.object({
  namespace: z.string().optional(),
  q: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  at: At,
});
const POD_INVOCATIONS = 50;

/** Pods: a list to search, those with the text in their name first, and one whole. */
export function addPodRoutes(api: Api, { openView, store }: ApiParts): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/pods',
      request: { query: PodsQuery },
      responses: describeAnswers('Pods', PodsBody),
    }),
    async (context) => {
      const { namespace, q, limit, at } = context.req.valid('query');
      const view = openView(at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const found = searchPods(await view.value.pods(), { namespace, text: q?.toLowerCase() });
      return context.json({ pods: await readPods(view.value, found.slice(0, limit)), total: found.length });
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/pods/{namespace}/{name}',
      request: { params: PodParams, query: AtQuery },
      responses: describeAnswers('Pod', PodBody),
    }),
    async (context) => {
      const { namespace, name } = context.req.valid('param');
      const view = openView(context.req.valid('query').at, viewerOf(context).scope);
      if (!view.ok) return respondProblem(context, view.error.reason, view.error.detail);
      const key = `${namespace}/${name}`;
      const body = await describePod(view.value, key);
      const { scope } = viewerOf(context);
      const invocations = listEvents(store, {
        filter: { pod: key, upToSeq: view.value.upToSeq },
        limit: POD_INVOCATIONS,
        scope,
      }).events;
      if (body.pod === undefined && body.attachments.length === 0 && invocations.length === 0) {
        return respondProblem(context, 'no-such-pod', key);
      }
      return context.json({ ...body, invocations: [...invocations] });
    },
  );
}

type Search = { readonly namespace: string | undefined; readonly text: string | undefined };

/** Those that Kubernetes knows and that fit; by name first, then in the order of their keys. */
function searchPods(pods: readonly IndexedPod[], { namespace, text }: Search): readonly IndexedPod[] {
  const found = pods.filter(
    ({ facts, wires }) =>
      facts !== undefined &&
      (namespace === undefined || facts.namespace === namespace) &&
      (text === undefined || fits([...listWords(facts), ...wires], text)),
  );
  const isNamed = (pod: IndexedPod): boolean => text !== undefined && pod.key.toLowerCase().includes(text);
  return found.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || compareText(a.key, b.key));
}

const fits = (words: readonly string[], text: string): boolean =>
  words.some((word) => word.toLowerCase().includes(text));

/** Name, namespace, IP, node, status, image: what Kubernetes calls a pod. */
function listWords(pod: NonNullable<IndexedPod['facts']>): readonly string[] {
  return [`${pod.namespace}/${pod.name}`, ...pod.podIps, pod.nodeName ?? '', pod.status, ...pod.images];
}

/** The pods of a page whole, which reads their nodes: others are served in between. */
async function readPods(view: TopologyView, page: readonly IndexedPod[]): Promise<TopologyPod[]> {
  const pods: TopologyPod[] = [];
  const nodes = new Map<string, Record<string, TopologyPod>>();
  for (const { key, node, facts } of page) {
    if (node !== undefined && !nodes.has(node)) {
      nodes.set(node, (await view.node(node))?.pods ?? {});
      await breathe();
    }
    const pod = node === undefined ? undefined : nodes.get(node)?.[key];
    if (pod !== undefined) pods.push(pod);
    else if (facts !== undefined) pods.push({ ...facts, key: podKeyOf(facts), failedAdds: 0 });
  }
  return pods;
}

async function describePod(view: TopologyView, key: string): Promise<Omit<PodBody, 'invocations'>> {
  const indexed = await view.pod(key);
  if (indexed === undefined) return { attachments: [] };
  const { node, facts } = indexed;
  if (node === undefined) {
    return { ...(facts && { pod: { ...facts, key: podKeyOf(facts), failedAdds: 0 } }), attachments: [] };
  }
  const topology = await view.node(node);
  const pod = topology?.pods[key];
  const attachments = Object.values(topology?.attachments ?? {}).filter((each) => each.pod === key);
  return { ...(pod && { pod }), node, attachments };
}
