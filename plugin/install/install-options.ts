import { parseArgs } from 'node:util';
import { fail, type Result, succeed } from '#model/result.ts';
import { DEFAULT_DIRECTORIES } from '#plugin/configuration/node-directories.ts';

/** What `podwire install` and `podwire uninstall` are told. */
export type InstallOptions = {
  /** auto: see chooseMode. */
  readonly mode: 'auto' | 'bridge' | 'tap';
  readonly binDirectory: string;
  readonly confDirectory: string;
  /** Undefined where the mode's own default is wanted. */
  readonly confName: string | undefined;
  readonly podCidrs: readonly string[];
  /** `--pod-cidr node`: the agent writes the bridge's network once the cluster has told this node's ranges. */
  readonly awaitsAgent: boolean;
  readonly clusterCidrs: readonly string[];
  readonly mtuBytes: number | undefined;
  /** uninstall: executable and state go too, where no pod needs them. */
  readonly isPurge: boolean;
  /** PODWIRE_STATE and PODWIRE_RUN, which the plugin goes by too. */
  readonly stateDirectory: string;
  readonly runDirectory: string;
};

const DEFAULT_BIN_DIRECTORY = '/opt/cni/bin';

/** Each flag has a variable: an init container is told by its environment. The flag counts first. */
const FLAGS = {
  mode: 'PODWIRE_MODE',
  'bin-dir': 'PODWIRE_BIN_DIR',
  'conf-dir': 'PODWIRE_CONF_DIR',
  'conf-name': 'PODWIRE_CONF_NAME',
  'pod-cidr': 'PODWIRE_POD_CIDR',
  'cluster-cidr': 'PODWIRE_CLUSTER_CIDR',
  mtu: 'PODWIRE_MTU',
  purge: 'PODWIRE_PURGE',
} as const;

type FlagName = keyof typeof FLAGS;
type Variables = Readonly<Record<string, string | undefined>>;

/** @returns the options, or a line that says which one is wrong and what it may be */
export function parseInstallOptions(words: readonly string[], variables: Variables): Result<InstallOptions, string> {
  const flags = parseFlags(words);
  if (!flags.ok) return flags;
  const read = (name: FlagName): string | undefined => flags.value[name] || variables[FLAGS[name]] || undefined;
  const mode = read('mode') ?? 'bridge';
  if (!isMode(mode)) return fail(`--mode ${mode}: use auto, bridge or tap`);
  const directories = [read('bin-dir') ?? DEFAULT_BIN_DIRECTORY, read('conf-dir') ?? DEFAULT_DIRECTORIES.configuration];
  const relative = directories.find((directory) => !directory.startsWith('/'));
  if (relative !== undefined) return fail(`${relative}: a directory is given from the root on, as /opt/cni/bin`);
  const confName = read('conf-name');
  if (confName !== undefined && !/^[^/]+\.conflist$/.test(confName)) {
    return fail(`--conf-name ${confName}: a file name that ends in .conflist is needed, as 10-podwire.conflist`);
  }
  const purge = read('purge') ?? 'false';
  if (purge !== 'true' && purge !== 'false') return fail(`--purge ${purge}: use true or false`);
  const podCidrs = splitList(read('pod-cidr'));
  const awaitsAgent = podCidrs.length === 1 && podCidrs[0] === 'node';
  const mtu = read('mtu');
  if (mtu !== undefined && !/^[1-9]\d{1,5}$/.test(mtu)) return fail(`--mtu ${mtu}: bytes are needed, as 1450`);
  return succeed({
    mode,
    binDirectory: directories[0] ?? '',
    confDirectory: directories[1] ?? '',
    confName,
    podCidrs: awaitsAgent ? [] : podCidrs,
    awaitsAgent,
    clusterCidrs: splitList(read('cluster-cidr')),
    mtuBytes: mtu === undefined ? undefined : Number(mtu),
    isPurge: purge === 'true',
    stateDirectory: variables.PODWIRE_STATE || DEFAULT_DIRECTORIES.state,
    runDirectory: variables.PODWIRE_RUN || DEFAULT_DIRECTORIES.run,
  });
}

function isMode(word: string): word is InstallOptions['mode'] {
  return word === 'auto' || word === 'bridge' || word === 'tap';
}

function parseFlags(words: readonly string[]): Result<Partial<Record<FlagName, string>>, string> {
  const names = Object.keys(FLAGS) as FlagName[];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ args: [...words], options, strict: true, allowPositionals: false });
    return succeed(values as Partial<Record<FlagName, string>>);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function splitList(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
