import { chooseMode } from '#plugin/install/choose-mode.ts';
import { parseInstallOptions } from '#plugin/install/install-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Makes of PODWIRE_MODE what the node is now, where it says `auto`, as `podwire install` has left it. Beside another plugin's network the
 * agent keeps none: PODWIRE_API_SERVER, without which it does not, goes where the node is a tap. What is wrong in the environment is
 * left to those who read it.
 * @throws InstallFailure where the directory of configurations cannot be read
 */
export function decideRole(env: Environment): Environment {
  const options = parseInstallOptions([], env);
  if (!options.ok || options.value.mode === 'bridge') return env;
  const mode = options.value.mode === 'auto' ? chooseMode(options.value.confDirectory) : 'tap';
  return { ...env, PODWIRE_MODE: mode, ...(mode === 'tap' && { PODWIRE_API_SERVER: undefined }) };
}
