import type { NextConfig } from 'next';

process.env.NEXT_TELEMETRY_DISABLED = '1';

/**
 * The web app, served in process by the collector. `NEXT_DIST_DIR` lets two servers of one checkout keep builds of their
 * own. Types are checked by `tsc` in the checks, once, and not again by every build; TypeScript 7 has no compiler API, so
 * Next.js has to be told to look for its command line.
 */
const nextConfig: NextConfig = {
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  allowedDevOrigins: ['127.0.0.1', 'localhost'],
  typescript: { ignoreBuildErrors: true, tsconfigPath: 'app/tsconfig.json' },
  // No page has one: an optimiser that nobody needs would be open to everybody.
  images: { unoptimized: true },
  experimental: { useTypeScriptCli: true },
};

export default nextConfig;
