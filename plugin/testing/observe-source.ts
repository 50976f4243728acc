import type { KernelWorld } from './kernel-world.ts';

export type Connection = {
  /** Names under /run/netns. */
  readonly from: string;
  readonly to: string;
  /** One of the receiver's addresses. */
  readonly address: string;
};

/** One connection is all; where none comes, the script ends it, or else its own patience. */
const SERVER = `const server = require('node:net').createServer((socket) => {
    socket.end(socket.remoteAddress.replace('::ffff:', ''));
    server.close();
  }).listen(7000, '::', () => console.log('listening'));
  setTimeout(() => process.exit(), 90_000).unref()`;

/** A packet that is dropped is never answered: a second is as good as for ever. */
const client = (address: string): string => `const socket = require('node:net').connect(7000, '${address}');
  socket.setTimeout(1000 * (process.env.PATIENCE_S ?? 60), () => process.exit(1));
  socket.on('error', () => process.exit(1)).pipe(process.stdout)`;

/** Waits for the server to listen, or to have died. */
const SCRIPT = `set -u
pipe=$(mktemp -u /run/listening.XXXXXX); mkfifo "$pipe"
nsenter --net="/run/netns/$TO" "$NODE" -e "$SERVER" >"$pipe" & server=$!
read -r _ <"$pipe"
nsenter --net="/run/netns/$FROM" "$NODE" -e "$CLIENT"; code=$?
kill "$server" 2>/dev/null; rm "$pipe"; exit $code`;

/**
 * Opens a TCP connection from one namespace to another, with real packets.
 * @returns the address that the receiver saw it come from; undefined where nothing came through
 */
export function observeSource(
  world: KernelWorld,
  { from, to, address }: Connection,
  patienceS = 60,
): string | undefined {
  const { exitCode, stdout } = world.try(['sh', '-c', SCRIPT], '', {
    ...{ FROM: from, TO: to, NODE: process.execPath, SERVER, CLIENT: client(address) },
    PATIENCE_S: String(patienceS),
  });
  return exitCode === 0 ? stdout : undefined;
}
