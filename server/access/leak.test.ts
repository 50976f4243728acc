import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import type { LiveView } from '#model/protocol/live-message.ts';
import { seedRandom } from '#model/testing/build-node.ts';
import type { Collections } from '#model/topology/diff-topology.ts';

import { LiveBrowser } from '../testing/live-browser.ts';
import {
  SCOPES,
  startTenantServer,
  type TenantServer,
  type ViewerName,
  withoutEcho,
} from '../testing/start-tenant-server.ts';
import {
  buildEvent,
  buildFinding,
  buildKernel,
  buildPod,
  HIDDEN,
  HIDDEN_NODE,
  HIDDEN_WORDS,
  keyOf,
  NODE,
  NODE_WORDS,
  nameOf,
  SEEN,
} from '../testing/two-tenants.ts';

/** Everything that a viewer receives, over REST and live, while both tenants' pods come and go; searched for what is not theirs. */

const NAMES = Object.keys(SCOPES) as ViewerName[];
const YAK_WORDS = [HIDDEN_NODE, '10.240.9.'];
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  tenant: [...HIDDEN_WORDS, ...NODE_WORDS, ...YAK_WORDS],
  'tenant with nodes': HIDDEN_WORDS,
  stranger: [...HIDDEN_WORDS, ...NODE_WORDS, ...YAK_WORDS, NODE, SEEN],
  operator: [...HIDDEN_WORDS, SEEN, nameOf(1)],
  'pods of all': NODE_WORDS,
};

const VIEWS: Readonly<Record<string, LiveView>> = {
  cluster: { kind: 'cluster' },
  node: { kind: 'node', node: NODE },
  hidden: { kind: 'node', node: HIDDEN_NODE },
  nowhere: { kind: 'node', node: 'nowhere' },
  findings: { kind: 'findings' },
  all: { kind: 'invocations' },
  'all of a node': { kind: 'invocations', node: NODE },
  'of a hidden pod': { kind: 'invocations', pod: keyOf(77) },
};

const PATHS: readonly string[] = [
  '/api/v1/cluster',
  '/api/v1/nodes',
  ...[NODE, HIDDEN_NODE].flatMap((node) => [`/api/v1/nodes/${node}`, `/api/v1/nodes/${node}/kernel`]),
  '/api/v1/pods',
  `/api/v1/pods?namespace=${HIDDEN}`,
  ...['ledger', 'feedbeef', 'digger', 'vethzebra', NODE].map((word) => `/api/v1/pods?q=${word}`),
  ...[1, 2, 77, 78].map((pod) => `/api/v1/pods/${keyOf(pod)}`),
  '/api/v1/events?limit=1000',
  `/api/v1/events?node=${NODE}&limit=1000`,
  `/api/v1/events?pod=${keyOf(77)}`,
  '/api/v1/events?verb=GC',
  '/api/v1/findings',
  `/api/v1/findings?node=${NODE}`,
  ...['hidden-event-77', 'seen-event-1', 'seen-event-2', 'gc-event', 'status-event'].map(
    (id) => `/api/v1/events/${id}`,
  ),
  '/api/v1/openapi.json',
  '/api/v1/lab',
];

class Listener {
  readonly browser: LiveBrowser;
  readonly heard: string[] = [];

  constructor(url: string, name: string) {
    this.browser = new LiveBrowser(url, { 'x-viewer': name });
    this.browser.socket.on('message', (data) => this.heard.push(String(data)));
  }
}

let server: TenantServer;
const listeners = new Map<string, Listener>();
const answers = new Map<string, string[]>();
let middle = '';

/** Pods come and go, fail, and lie about on the node after they left. */
async function live(rounds: number, firstSequence: number): Promise<void> {
  const { app } = server;
  const random = seedRandom(firstSequence);
  for (let round = firstSequence; round < firstSequence + rounds; round += 1) {
    const pods = [1, 2, 3, 77, 78, 79].filter(() => random() < 0.7);
    const records: BatchRecord[] = [
      { type: 'kernel.snapshot', snapshot: buildKernel(pods, round) },
      ...pods.map(
        (pod) =>
          ({
            type: 'invocation',
            event: buildEvent('ADD', pod, { id: `${pod >= 77 ? 'hidden' : 'seen'}-event-${pod}-${round}` }),
          }) as const,
      ),
      {
        type: 'agent.findings',
        findings: [buildFinding('node-not-on-link', `x${round}`), buildFinding('zebra-rule', `zebra${round}`)],
      },
    ];
    await app.post(round, records);
    for (const pod of [1, 2, 77, 78]) {
      if (random() < 0.3) app.server.cluster.remove('pod', keyOf(pod));
      else
        app.server.cluster.put('pod', buildPod(pod, random() < 0.2 ? { nodeName: undefined, phase: 'Pending' } : {}));
    }
    await app.post(round, [{ type: 'kernel.snapshot', snapshot: { ...buildKernel([], round), node: HIDDEN_NODE } }], {
      node: HIDDEN_NODE,
    });
    if (random() < 0.3) await sleep(30);
    app.server.fold.flush();
  }
}

beforeAll(async () => {
  server = await startTenantServer();
  const { app, ask } = server;
  for (const name of NAMES) {
    const listener = new Listener(app.url, name);
    listeners.set(name, listener);
    await listener.browser.opened();
    for (const [id, view] of Object.entries(VIEWS)) listener.browser.subscribe(id, view);
  }
  await live(25, 2);
  middle = new Date().toISOString();
  await live(15, 27);
  // The last round is a known one.
  for (const pod of [1, 2, 77, 78]) app.server.cluster.put('pod', buildPod(pod));
  await app.post(60, [
    { type: 'kernel.snapshot', snapshot: buildKernel([1, 2, 77, 78], 60) },
    ...[1, 2, 77, 78].map(
      (pod) =>
        ({
          type: 'invocation',
          event: buildEvent('ADD', pod, { id: `${pod >= 77 ? 'hidden' : 'seen'}-last-${pod}` }),
        }) as const,
    ),
  ]);
  for (const name of NAMES) {
    const texts: string[] = [];
    for (const path of PATHS) {
      for (const at of ['', `${path.includes('?') ? '&' : '?'}at=${middle}`]) {
        texts.push(withoutEcho((await ask(`${path}${at}`, name)).text));
      }
    }
    answers.set(name, texts);
  }
}, 120_000);

afterAll(async () => {
  for (const { browser } of listeners.values()) browser.socket.terminate();
  await server[Symbol.asyncDispose]();
});

const findWord = (texts: readonly string[], word: string): string | undefined => {
  const text = texts.find((each) => each.includes(word));
  const place = text?.indexOf(word) ?? 0;
  return text?.slice(Math.max(0, place - 300), place + 60);
};

test.each([...HIDDEN_WORDS, ...NODE_WORDS, ...YAK_WORDS])(
  'somebody who may see everything is told of %s, so it can be searched for',
  (word) => {
    expect(findWord(answers.get('everything') ?? [], word)).toBeDefined();
  },
);

describe.each(Object.keys(FORBIDDEN))('%s', (name) => {
  test.each(FORBIDDEN[name] ?? [])('no answer has a word of %s', (word) => {
    expect(findWord(answers.get(name) ?? [], word)).toBeUndefined();
  });

  test.each(FORBIDDEN[name] ?? [])('no live message has a word of %s', (word) => {
    const heard = listeners.get(name)?.heard ?? [];
    expect(heard.length).toBeGreaterThan(8);
    expect(findWord(heard, word)).toBeUndefined();
  });
});

test.each(NAMES)('what %s holds after every delta is what REST answers', async (name) => {
  const browser = listeners.get(name)?.browser;
  for (const [id, path] of [
    ['cluster', '/api/v1/cluster'],
    ['node', `/api/v1/nodes/${NODE}`],
  ] as const) {
    const isSame = async (): Promise<boolean> => {
      const { status, text } = await server.ask(path, name);
      const now = status === 200 ? (JSON.parse(text) as Collections) : undefined;
      return JSON.stringify(sortKeys(now)) === JSON.stringify(sortKeys(browser?.held.get(id)));
    };
    while (!(await isSame())) await sleep(20);
  }
  expect(browser?.gaps).toEqual([]);
});

const sortKeys = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, each]) => [key, sortKeys(each)]),
      );
