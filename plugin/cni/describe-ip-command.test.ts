import { expect, it } from 'vitest';
import { describeIpCommand } from './describe-ip-command.ts';

it.each([
  ['/run/netns/cni-1', 'ip -n cni-1'],
  ['/var/run/netns/cni-1', 'ip -n cni-1'],
  ['/proc/4711/ns/net', 'nsenter --net=/proc/4711/ns/net ip'],
])('the namespace %s is reached by hand with %s', (path, command) => {
  expect(describeIpCommand(path)).toBe(command);
});
