/** Where `ip netns` keeps names; the second is the same folder on every current distribution. */
const NAMED_NAMESPACE = /^(?:\/var)?\/run\/netns\/([^/]+)$/;

/**
 * How `ip` is called for a pod's namespace by hand: `ip -n <name>` takes names only, any other path needs nsenter.
 * @param netnsPath CNI_NETNS
 */
export function describeIpCommand(netnsPath: string): string {
  const name = NAMED_NAMESPACE.exec(netnsPath)?.[1];
  return name === undefined ? `nsenter --net=${netnsPath} ip` : `ip -n ${name}`;
}
