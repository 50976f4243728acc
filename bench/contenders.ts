import { join } from 'node:path';

/** One way to wire a pod that the benchmark measures. */
export type Contender = {
  readonly id: string;
  /** As it appears in the table. */
  readonly title: string;
  /** The contender whose times this one's are divided by: the reference with the same demands. */
  readonly rivalId: string;
  /** Absolute path of what the runtime executes. */
  readonly executable: string;
  /** What the runtime writes to its stdin. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Variables it gets beside CNI_*. */
  readonly environment: Readonly<Record<string, string>>;
};

export type ContenderPaths = {
  /** Absolute path of dist/podwire. */
  readonly podwire: string;
  /** Directory of the reference plugins, /usr/lib/cni on Debian. */
  readonly referenceDirectory: string;
  readonly bashPlugin: string;
  /** A directory on a real disk: address stores and journals live on one on a node, too. */
  readonly stateDirectory: string;
};

/** What a network demands of a plugin; the same of both rivals. */
type NetworkDemand = {
  /** Part of every name, so that each network has its own bridge and store. */
  readonly key: string;
  readonly label?: string;
  /** The third byte of the subnet: 10.200.x.0/24 for the reference, 10.201.x.0/24 for Podwire. */
  readonly third: number;
  readonly ipMasq?: boolean;
  readonly isDualStack?: boolean;
};

/** The contender whose journal is taken apart. */
export const profiledId = 'podwire-plain';

const plain: NetworkDemand = { key: 'plain', third: 0 };
const masquerade: NetworkDemand = { key: 'masq', label: 'ipMasq', third: 1, ipMasq: true };
const dualStack: NetworkDemand = { key: 'dual', label: 'dual stack', third: 2, isDualStack: true };
const empty: NetworkDemand = { key: 'empty', third: 3 };
const crowded: NetworkDemand = { key: 'crowded', third: 4 };

/** Those that are measured pod by pod and all at once. The first is the plain reference. */
export function listContenders(paths: ContenderPaths): readonly Contender[] {
  const demands = [plain, masquerade, dualStack];
  return [
    ...demands.map((demand) => describeReference(paths, demand)),
    ...demands.map((demand) => describePodwire(paths, demand)),
    describeBash(paths),
  ];
}

/** The same plugin on a bridge of its own that stays empty, and on one that gets many pods first. */
export function listCrowdPairs(
  paths: ContenderPaths,
): readonly { readonly empty: Contender; readonly crowded: Contender }[] {
  return [describeReference, describePodwire].map((describe) => ({
    empty: describe(paths, empty),
    crowded: describe(paths, crowded),
  }));
}

/** Whose left-over attachments are collected. */
export function describeCollected(paths: ContenderPaths): Contender {
  return describePodwire(paths, { key: 'gc', third: 5 });
}

const titleOf = (name: string, { label }: NetworkDemand): string => (label === undefined ? name : `${name}, ${label}`);
const listSubnets = (second: number, { third, isDualStack }: NetworkDemand): readonly string[] => [
  `10.${second}.${third}.0/24`,
  ...(isDualStack === true ? [`fd00:${second}:${third}::/64`] : []),
];

function describeReference(paths: ContenderPaths, demand: NetworkDemand): Contender {
  const { key, ipMasq = false, isDualStack = false } = demand;
  const id = `reference-${key}`;
  return {
    id,
    title: titleOf('bridge + host-local', demand),
    rivalId: id,
    executable: join(paths.referenceDirectory, 'bridge'),
    configuration: {
      cniVersion: '1.0.0',
      name: id,
      type: 'bridge',
      bridge: `ref-${key}`,
      isGateway: true,
      ipMasq,
      ipam: {
        type: 'host-local',
        dataDir: join(paths.stateDirectory, 'host-local'),
        ranges: listSubnets(200, demand).map((subnet) => [{ subnet }]),
        routes: [{ dst: '0.0.0.0/0' }, ...(isDualStack ? [{ dst: '::/0' }] : [])],
      },
    },
    environment: {},
  };
}

function describePodwire(paths: ContenderPaths, demand: NetworkDemand): Contender {
  const { key, ipMasq = false } = demand;
  const id = `podwire-${key}`;
  return {
    id,
    title: titleOf('podwire', demand),
    rivalId: `reference-${key}`,
    executable: paths.podwire,
    configuration: {
      cniVersion: '1.1.0',
      name: id,
      type: 'podwire',
      bridge: `pw-${key}`,
      ipMasq,
      ipam: { ranges: listSubnets(201, demand).map((subnet) => [{ subnet }]) },
    },
    environment: {
      PODWIRE_NODE: 'bench',
      PODWIRE_STATE: join(paths.stateDirectory, id),
      // As on a node, in memory.
      PODWIRE_RUN: `/run/${id}`,
      PODWIRE_CONF_DIR: join(paths.stateDirectory, `${id}-net.d`),
    },
  };
}

function describeBash(paths: ContenderPaths): Contender {
  return {
    id: 'bash',
    title: 'bash + ip + jq',
    rivalId: 'reference-plain',
    executable: paths.bashPlugin,
    configuration: {
      cniVersion: '1.0.0',
      name: 'bench-bash',
      type: 'bash-plugin',
      bridge: 'bash0',
      podcidr: '10.204.0.0/24',
      counter: join(paths.stateDirectory, 'last-address'),
    },
    environment: {},
  };
}
