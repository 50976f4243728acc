import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/**
 * `relay.ts SOCKET HOST PORT`: whoever connects to the socket, a file that is seen from outside, is connected to an address of
 * the network in which this runs.
 */

const [socket = '', host = '', port = ''] = process.argv.slice(2);
rmSync(socket, { force: true });
createServer({ allowHalfOpen: true }, (caller) => {
  const called = connect({ host, port: Number(port), allowHalfOpen: true });
  caller.on('error', () => called.destroy()).on('close', () => called.destroy());
  called.on('error', () => caller.destroy()).on('close', () => caller.destroy());
  caller.pipe(called).pipe(caller);
}).listen(socket);
