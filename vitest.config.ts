import { defineConfig } from 'vitest/config';

const outside = ['**/node_modules/**', '**/dist/**', '**/.next*/**'];

/**
 * `unit` runs anywhere. `kernel` needs Linux, the built executable and user namespaces; its files run one after the
 * other, because they fork namespaces and the machine that runs them may be small. `cluster` needs root and what Kubernetes is
 * built with (e2e/cluster/README.md).
 */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic' } },
  test: {
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: ['**/*.kernel.test.ts', '**/*.cluster.test.ts', ...outside],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          include: ['**/*.kernel.test.ts'],
          exclude: outside,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['**/*.cluster.test.ts'],
          exclude: outside,
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
