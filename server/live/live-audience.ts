import { type Collections, diffTopology, isEmptyDelta } from '#model/topology/diff-topology.ts';
import { type Scope, seesEverything } from '../auth/scope.ts';
import { type LiveReader, type TopologyLiveView, writeTopology } from './live-reader.ts';
import type { LiveSession } from './live-session.ts';
import { encodePayload, type TopicPayload, topicKey } from './live-topic.ts';

/** Browsers of one scope that follow one topic: what they are sent is made and serialised once for all of them. */
export class Audience {
  readonly scope: Scope;
  /** True where they may see everything: what is told of the whole is told to them as it is. */
  readonly isOfAll: boolean;
  readonly sessions = new Set<LiveSession>();
  readonly reader: LiveReader;
  /** What those that are not behind hold, where it is not all that there is. */
  #shown: Collections | undefined;

  constructor(scope: Scope, reader: LiveReader) {
    this.scope = scope;
    this.isOfAll = seesEverything(scope);
    this.reader = reader;
  }

  tell(topic: string, payload: TopicPayload): void {
    const encoded = encodePayload(payload);
    for (const session of this.sessions) session.change(topic, encoded);
  }

  /**
   * Tells what of a part of the whole has changed since the last time. It is the difference of two things that may be seen, so
   * it names nothing that may not: what was hidden all the time, and what comes into sight or leaves it.
   */
  show(view: TopologyLiveView, now: Collections | undefined): void {
    const before = this.#shown;
    this.#shown = now;
    if (before === undefined && now === undefined) return;
    if (before === undefined || now === undefined) {
      this.tell(topicKey(view), writeTopology(view, now));
      return;
    }
    const delta = diffTopology(before, now);
    if (!isEmptyDelta(delta)) this.tell(topicKey(view), { type: 'delta', delta });
  }
}
