import { runCni } from './cni/run-cni.ts';
import { nodeFs } from './netlink/node-fs.ts';

/**
 * The one executable on a node: a CNI plugin unless told otherwise. Runtimes call a plugin without arguments.
 * Everything else is loaded on demand: a pod does not wait for code it does not use.
 */
async function main(): Promise<number> {
  const [command, ...words] = process.argv.slice(2);
  if (command === undefined) return runCni(process.env, () => Math.round(performance.now() * 1000));
  // The executable starts with the policy of a run that ends in milliseconds; what follows runs long.
  Bun.unsafe.setJITPolicy(1);
  if (command === 'agent') return (await import('./agent/main.ts')).runAgent(process.env);
  if (command === 'snapshot') return (await import('./agent/main.ts')).printSnapshot(process.env);
  if (command === 'probe') return (await import('./probe/main.ts')).runProbe(words);
  const known = INSTALL_COMMANDS.get(command);
  if (known !== undefined)
    return (await import('./install/main.ts')).runInstall(known, { words, variables: process.env });
  nodeFs().writeSync(2, `podwire: unknown command ${command}; podwire help lists those that are known\n`);
  return 2;
}

const INSTALL_COMMANDS: ReadonlyMap<string, 'install' | 'uninstall' | 'help' | 'version'> = new Map([
  ['install', 'install'],
  ['uninstall', 'uninstall'],
  ['help', 'help'],
  ['--help', 'help'],
  ['-h', 'help'],
  ['version', 'version'],
  ['--version', 'version'],
]);

process.exit(await main());
