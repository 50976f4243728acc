import { createRoute, z } from '@hono/zod-openapi';
import { PodBody, PodsBody } from '#model/protocol/rest.ts';
import { podKeyOf } from '#model/topology/match-attachments.ts';
import type { TopologyPod } from '#model/topology/topology.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import type { Api, ApiParts } from './api-context.ts';
import { compareText } from './compare-text.ts';
import { describeAnswers } from './describe-answers.ts';
import { respondProblem } from './problem-response.ts';

const PodParams = z.object({ namespace: z.string(), name: z.string() });
const PodsQuery = z.object({
  namespace: z.string().optional(),
  q: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
});
const POD_INVOCATIONS = 50;

/** Pods: a list to search, those with the text in their name first, and one whole. */
export function addPodRoutes(api: Api, { fold, store }: ApiParts): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/pods',
      request: { query: PodsQuery },
      responses: describeAnswers('Pods', PodsBody),
    }),
    (context) => {
      const { namespace, q, limit } = context.req.valid('query');
      const text = q?.toLowerCase();
      const wires = text === undefined ? undefined : listWireWords(fold);
      const found = listPods(fold).filter(
        (pod) =>
          (namespace === undefined || pod.namespace === namespace) &&
          (text === undefined || fits([...listWords(pod), ...(wires?.get(pod.key) ?? [])], text)),
      );
      const isNamed = (pod: TopologyPod): boolean => text !== undefined && pod.key.toLowerCase().includes(text);
      found.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)) || compareText(a.key, b.key));
      return context.json({ pods: found.slice(0, limit), total: found.length });
    },
  );
  api.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/pods/{namespace}/{name}',
      request: { params: PodParams },
      responses: describeAnswers('Pod', PodBody),
    }),
    (context) => {
      const { namespace, name } = context.req.valid('param');
      const body = describePod(fold, `${namespace}/${name}`);
      const { events } = store.listEvents({ pod: `${namespace}/${name}` }, POD_INVOCATIONS);
      if (body.pod === undefined && body.attachments.length === 0 && events.length === 0) {
        return respondProblem(context, 'no-such-pod', `${namespace}/${name}`);
      }
      return context.json({ ...body, invocations: [...events] });
    },
  );
}

function listPods(fold: TopologyFold): TopologyPod[] {
  const placed = fold.nodeNames().flatMap((name) => Object.values(fold.node(name)?.pods ?? {}));
  return [...placed, ...fold.unscheduledPods().map((pod) => ({ ...pod, key: podKeyOf(pod), failedAdds: 0 }))];
}

const fits = (words: readonly string[], text: string): boolean =>
  words.some((word) => word.toLowerCase().includes(text));

/** Name, namespace, IP, node, status, image: what Kubernetes calls a pod. */
function listWords(pod: TopologyPod): readonly string[] {
  return [pod.key, ...pod.podIps, pod.nodeName ?? '', pod.status, ...pod.images];
}

/** Container id, MAC and host veth of each pod, by its key: what a person reads off a node. */
function listWireWords(fold: TopologyFold): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, string[]>();
  for (const node of fold.nodeNames()) {
    for (const { pod, containerId, reported } of Object.values(fold.node(node)?.attachments ?? {})) {
      const found = [containerId, reported?.podMac, reported?.hostVeth].filter((word) => word !== undefined);
      if (pod !== undefined) words.set(pod, [...(words.get(pod) ?? []), ...found]);
    }
  }
  return words;
}

function describePod(fold: TopologyFold, key: string): Omit<PodBody, 'invocations'> {
  for (const name of fold.nodeNames()) {
    const topology = fold.node(name);
    const pod = topology?.pods[key];
    const attachments = Object.values(topology?.attachments ?? {}).filter((each) => each.pod === key);
    if (pod !== undefined || attachments.length > 0) return { ...(pod && { pod }), node: name, attachments };
  }
  const waiting = listPods(fold).find((each) => each.key === key);
  return { ...(waiting && { pod: waiting }), attachments: [] };
}
