import type { NetnsId } from '#model/kernel/kernel-snapshot.ts';
import type { PodKey } from '#model/topology/topology.ts';

/** What the node drawing shows, before any number: read from the topology by `readNodeScene`, placed by `layoutNode`. */

/** Colour is never the only sign of a tone: every use carries a word or a shape as well. */
export type Tone = 'good' | 'warning' | 'bad' | 'quiet' | 'unknown';

export type SceneLink = {
  /** Key of the record in `NodeTopology.links`, `<netns id>/<index>`. */
  readonly key: string;
  readonly name: string;
  readonly index: number;
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  readonly mtuBytes: number;
  readonly addresses: readonly string[];
  readonly isUp: boolean;
  readonly operState: string;
};

export type SceneUplink = SceneLink & { readonly isDefault: boolean };

export type ScenePool = { readonly prefix: string; readonly used: number; readonly capacity: number };

export type SceneBridge = SceneLink & {
  readonly portCount: number;
  /** True where it may have ports that are not shown. */
  readonly hasHiddenPorts: boolean;
  /** Said in the place of an address. */
  readonly addressNote: 'no address' | 'address not shown';
  readonly pool: ScenePool | undefined;
};

export type CardState =
  | 'wired'
  | 'failing'
  | 'creating'
  | 'terminating'
  | 'unwired'
  | 'unknown'
  | 'host-network'
  | 'finished'
  | 'port';

/** A pod interface, a pod without one, or a bridge port that is no pod's. */
export type SceneCard = {
  /** Stable for the life of the thing drawn; the first card of a pod is `pod:<namespace>/<name>`. */
  readonly id: string;
  /** What a click selects, as in the URL. */
  readonly selection: string;
  readonly pod: PodKey | undefined;
  readonly title: string;
  readonly subtitle: string;
  readonly ifName: string | undefined;
  readonly ip: string | undefined;
  readonly mac: string | undefined;
  readonly state: CardState;
  readonly tone: Tone;
  readonly status: string;
  /** The kubelet's or the plugin's own words, where something is wrong. */
  readonly reason: string | undefined;
  readonly hostLink: SceneLink | undefined;
  readonly isInferred: boolean;
};

/** Cards that hang on the same thing. */
export type SceneBank = {
  readonly id: string;
  readonly kind: 'bridge' | 'routed' | 'direct' | 'waiting' | 'host-network';
  readonly bridge: SceneBridge | undefined;
  readonly label: string;
  readonly cards: readonly SceneCard[];
};

export type SceneRoute = {
  readonly key: string;
  readonly destination: string;
  /** `via 192.168.31.1 dev eth0` */
  readonly path: string;
  readonly protocol: string;
  readonly linkKey: string | undefined;
};

/** `value` absent: it was not read. */
export type SceneFact = {
  readonly id: string;
  readonly label: string;
  readonly value: string | undefined;
  /** Said in the place of a value that is absent. */
  readonly unknown: 'not read' | 'not shown';
  readonly tone: Tone;
  readonly why: string;
};

export type NodeScene = {
  readonly rootId: NetnsId | undefined;
  readonly uplinks: readonly SceneUplink[];
  readonly routes: readonly SceneRoute[];
  /** Said where there is none. */
  readonly routesNote: string;
  readonly facts: readonly SceneFact[];
  readonly banks: readonly SceneBank[];
  /** Links of the root namespace that are drawn nowhere else, lo aside. */
  readonly otherLinks: readonly SceneLink[];
  /** Links that are not drawn: lo. */
  readonly hiddenLinks: readonly SceneLink[];
};
