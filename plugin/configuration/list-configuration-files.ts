import { nodeFs } from '#plugin/netlink/node-fs.ts';

const CONFIGURATION_FILE = /\.(?:conf|conflist|json)$/;

/**
 * Names of the network configurations in a directory, in the order of libcni (libcni/conf.go, ConfFiles): sorted by bytes,
 * names that begin with a dot among them. A runtime uses the first that is no directory.
 * @throws where the directory cannot be read
 */
export function listConfigurationFiles(directory: string): readonly string[] {
  return nodeFs()
    .readdirSync(directory)
    .filter((name) => CONFIGURATION_FILE.test(name))
    .sort();
}
