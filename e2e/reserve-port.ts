import { createServer } from 'node:net';

/** A TCP port of the loopback that was free a moment ago. */
export function reservePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('the kernel named no port'));
      server.close(() => resolve(address.port));
    });
  });
}
