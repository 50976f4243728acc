import { constants } from 'node:os';

const namesByNumber: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'ENOTSUP')
    .map(([name, number]) => [number, name]),
);

/**
 * @param errno as the kernel gives it, positive
 * @returns `EEXIST`, or `errno 512` for a number that libc has no name for
 */
export function errnoName(errno: number): string {
  return namesByNumber.get(errno) ?? `errno ${errno}`;
}
