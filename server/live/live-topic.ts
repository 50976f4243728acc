import type { LiveMessage, LiveView } from '#model/protocol/live-message.ts';

/** What of a message is the same for every browser: all but the subscription's own id and number. */
export type TopicPayload = M<LiveMessage>;
type M<T> = T extends { id: string; seq: number } ? Omit<T, 'id' | 'seq'> : never;

/** A payload that was serialised once, for however many browsers. */
export type Encoded = { readonly type: string; readonly body: Buffer };

/** Same view, same topic: what one browser of it gets, all get. */
export function topicKey(view: LiveView): string {
  if (view.kind === 'node') return JSON.stringify([view.kind, view.node]);
  if (view.kind === 'invocations') return JSON.stringify([view.kind, view.node ?? null, view.pod ?? null]);
  return JSON.stringify([view.kind]);
}

/** The bytes behind the head that `numberMessage` writes; browsers that are slow share them. */
export function encodePayload({ type, ...rest }: TopicPayload): Encoded {
  const text = JSON.stringify(rest);
  // `{}` where there is nothing but the type, as for a node that is not there.
  return { type, body: Buffer.from(text === '{}' ? '}' : `,${text.slice(1)}`) };
}

/** The start of a message's text, its object still open: the payload's body closes it. */
export const numberMessage = (type: string, id: string, seq: number): string =>
  `{"type":${JSON.stringify(type)},"id":${JSON.stringify(id)},"seq":${seq}`;
