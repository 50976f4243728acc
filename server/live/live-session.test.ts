import { expect, test } from 'vitest';
import { LiveMessage, type LiveView } from '#model/protocol/live-message.ts';
import { BEHIND_BYTES, LiveSession, type SessionSource } from './live-session.ts';
import { encodePayload, topicKey } from './live-topic.ts';

const NODE: LiveView = { kind: 'node', node: 'n1' };
const subscribe = (id: string, view: LiveView) => JSON.stringify({ type: 'subscribe', id, view });

/** A double of the socket: the amount that one holds back depends on the machine's buffers, and a test has to steer it. */
function openSession(given: Partial<SessionSource> = {}) {
  const sent: LiveMessage[] = [];
  const ends: number[] = [];
  const socket = {
    bufferedAmount: 0,
    send: (head: string, body: Buffer = Buffer.from('')) => {
      sent.push(LiveMessage.parse(JSON.parse(`${head}${body}`)));
    },
    end: (code: number) => void ends.push(code),
  };
  const counts = { snapshots: 0, behind: 0 };
  const followed = new Map<string, boolean>();
  const session = new LiveSession(socket, {
    readSnapshot: () => {
      counts.snapshots += 1;
      return encodePayload({ type: 'snapshot.node' });
    },
    hasRoom: () => true,
    nowMs: () => 0,
    follow: (view, isFollowed) => followed.set(topicKey(view), isFollowed),
    fellBehind: () => {
      counts.behind += 1;
    },
    ...given,
  });
  return { session, socket, sent, ends, counts, followed };
}

const DELTA = encodePayload({ type: 'delta', delta: { put: {}, remove: {} } });

test('a name that no node and no pod can have is not followed: what is followed is kept in memory', () => {
  const { session, sent, followed } = openSession();
  session.receive(subscribe('a', { kind: 'node', node: 'n'.repeat(254) }));
  session.receive(subscribe('b', { kind: 'invocations', pod: 'p'.repeat(318) }));
  session.receive(subscribe('c', { kind: 'invocations', pod: `${'n'.repeat(63)}/${'p'.repeat(253)}` }));
  expect(sent.map(({ type }) => type)).toEqual(['error', 'error', 'snapshot.node']);
  expect(followed.size).toBe(1);
});

test('a slow browser gets one fresh snapshot instead of a queue', () => {
  const { session, socket, sent, counts } = openSession();
  session.receive(subscribe('a', NODE));
  session.change(topicKey(NODE), DELTA);
  socket.bufferedAmount = BEHIND_BYTES + 1;
  for (let round = 0; round < 100; round += 1) session.change(topicKey(NODE), DELTA);
  session.catchUp();
  expect(sent).toHaveLength(2);
  socket.bufferedAmount = 0;
  session.catchUp();
  session.catchUp();
  expect(sent.map((each) => ('seq' in each ? `${each.type} ${each.seq}` : each.type))).toEqual([
    'snapshot.node 1',
    'delta 2',
    'snapshot.node 3',
  ]);
  expect(counts.behind).toBe(1);
});

test('a browser that does not read and asks for more and more has one snapshot queued, not one for each request', () => {
  const { session, socket, sent } = openSession();
  socket.bufferedAmount = BEHIND_BYTES + 1;
  for (let index = 0; index < 64; index += 1) session.receive(subscribe(`s${index}`, NODE));
  expect(sent).toEqual([]);
  socket.bufferedAmount = 0;
  session.catchUp();
  expect(sent).toHaveLength(64);
});

test('while all browsers together hold back too much, a snapshot waits, and changes in between are in it', () => {
  let hasRoom = false;
  const { session, sent } = openSession({ hasRoom: () => hasRoom });
  session.receive(subscribe('a', NODE));
  session.change(topicKey(NODE), DELTA);
  session.catchUp();
  expect(sent).toEqual([]);
  hasRoom = true;
  session.catchUp();
  expect(sent.map((each) => each.type)).toEqual(['snapshot.node']);
});

test('the 65th subscription is refused, the others live on', () => {
  const { session, sent } = openSession();
  for (let index = 0; index < 65; index += 1) session.receive(subscribe(`s${index}`, NODE));
  expect(sent.at(-1)).toEqual({ type: 'error', id: 's64', message: 'More than 64 subscriptions.' });
  session.change(topicKey(NODE), DELTA);
  expect(sent.filter((each) => each.type === 'delta')).toHaveLength(64);
});

test('a browser that asks without end is told once, then not answered, then hung up on', () => {
  let nowMs = 0;
  const { session, sent, ends } = openSession({ nowMs: () => nowMs });
  for (let index = 0; index < 1_000; index += 1) session.receive(subscribe('a', NODE));
  expect(sent.filter((each) => each.type === 'error')).toHaveLength(1);
  expect(sent.filter((each) => each.type === 'snapshot.node')).toHaveLength(200);
  expect(ends).toEqual([]);
  nowMs = 1_000;
  session.receive(subscribe('a', NODE));
  expect(sent.at(-1)?.type).toBe('snapshot.node');
  for (let index = 0; index < 1_000; index += 1) session.receive('{}');
  expect(ends.every((code) => code === 1008) && ends.length > 0).toBe(true);
});

test('a topic is followed from its first subscription to its last one', () => {
  const { session, followed } = openSession();
  session.receive(subscribe('a', NODE));
  session.receive(subscribe('b', NODE));
  session.receive(JSON.stringify({ type: 'unsubscribe', id: 'a' }));
  expect(followed.get(topicKey(NODE))).toBe(true);
  session.receive(subscribe('b', { kind: 'cluster' }));
  expect([...followed]).toEqual([
    [topicKey(NODE), false],
    [topicKey({ kind: 'cluster' }), true],
  ]);
  session.close();
  expect([...followed.values()]).toEqual([false, false]);
});

test.each(['', '{', '[]', '{"type":"subscribe","id":7}', `{"type":"unsubscribe","id":"${'x'.repeat(200)}"}`, '\ud800'])(
  'a request that is none is answered with an error: %j',
  (text) => {
    const { session, sent } = openSession();
    session.receive(text);
    expect(sent.map((each) => each.type)).toEqual(['error']);
  },
);
