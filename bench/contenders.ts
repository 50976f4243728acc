import { join } from 'node:path';

/** One way to wire a pod that the benchmark measures. */
export type Contender = {
  readonly id: string;
  /** As it appears in the table. */
  readonly title: string;
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

/** Everyone else's times are divided by this one's. */
export const referenceId = 'reference';

/** Each contender has its own bridge, subnet and store, so that one leaves no work to another. */
export function listContenders(paths: ContenderPaths): readonly Contender[] {
  return [
    ...[false, true].map((ipMasq) => describeReference(paths, ipMasq)),
    ...[false, true].map((ipMasq) => describePodwire(paths, ipMasq)),
    describeBash(paths),
  ];
}

function describeReference(paths: ContenderPaths, ipMasq: boolean): Contender {
  const subnet = ipMasq ? '10.201.0.0/24' : '10.200.0.0/24';
  return {
    id: ipMasq ? 'reference-masquerade' : referenceId,
    title: ipMasq ? 'bridge + host-local, ipMasq' : 'bridge + host-local',
    executable: join(paths.referenceDirectory, 'bridge'),
    configuration: {
      cniVersion: '1.0.0',
      name: ipMasq ? 'bench-reference-masq' : 'bench-reference',
      type: 'bridge',
      bridge: ipMasq ? 'refmasq0' : 'ref0',
      isGateway: true,
      ipMasq,
      ipam: {
        type: 'host-local',
        dataDir: join(paths.stateDirectory, 'host-local'),
        ranges: [[{ subnet }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    environment: {},
  };
}

function describePodwire(paths: ContenderPaths, ipMasq: boolean): Contender {
  const name = ipMasq ? 'bench-podwire-masq' : 'bench-podwire';
  return {
    id: ipMasq ? 'podwire-masquerade' : 'podwire',
    title: ipMasq ? 'podwire, ipMasq' : 'podwire',
    executable: paths.podwire,
    configuration: {
      cniVersion: '1.0.0',
      name,
      type: 'podwire',
      bridge: ipMasq ? 'pwmasq0' : 'pw0',
      podcidr: ipMasq ? '10.203.0.0/24' : '10.202.0.0/24',
      ipMasq,
    },
    environment: {
      PODWIRE_NODE: 'bench',
      PODWIRE_STATE: join(paths.stateDirectory, name),
      PODWIRE_RUN: join(paths.stateDirectory, `${name}-run`),
    },
  };
}

function describeBash(paths: ContenderPaths): Contender {
  return {
    id: 'bash',
    title: 'bash + ip + jq',
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
