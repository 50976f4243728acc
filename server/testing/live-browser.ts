import { WebSocket } from 'ws';
import type { LiveMessage, LiveView } from '#model/protocol/live-message.ts';
import { applyTopologyDelta } from '#model/topology/apply-topology-delta.ts';
import type { Collections } from '#model/topology/diff-topology.ts';

/** A browser's side of the live protocol on a real socket: holds what snapshots and deltas say, and minds the numbers. */
export class LiveBrowser {
  readonly socket: WebSocket;
  /** What it holds of a subscription. */
  readonly held = new Map<string, Collections | undefined>();
  /** Messages by type, `snapshot.node` for one. */
  readonly counts = new Map<string, number>();
  /** A number that did not follow the one before. */
  readonly gaps: string[] = [];
  readonly errors: string[] = [];
  closeCode: number | undefined;
  readonly #last = new Map<string, number>();

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, { perMessageDeflate: true, headers });
    this.socket.on('message', (data) => this.#hear(JSON.parse(String(data)) as LiveMessage));
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('error', () => undefined);
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject));
  }

  subscribe(id: string, view: LiveView): void {
    this.socket.send(JSON.stringify({ type: 'subscribe', id, view }));
  }

  count(type: string): number {
    return this.counts.get(type) ?? 0;
  }

  #hear(message: LiveMessage): void {
    this.counts.set(message.type, this.count(message.type) + 1);
    if (message.type === 'error') this.errors.push(message.message);
    if (!('seq' in message)) return;
    const { id, seq } = message;
    if (seq !== (this.#last.get(id) ?? 0) + 1) this.gaps.push(`${id}: ${seq} after ${this.#last.get(id)}`);
    this.#last.set(id, seq);
    if ('topology' in message || message.type === 'snapshot.node') this.held.set(id, message.topology);
    const held = this.held.get(id);
    if (message.type === 'delta' && held !== undefined) this.held.set(id, applyTopologyDelta(held, message.delta));
  }
}
