import type { Context } from 'hono';
import type { ApiEnvironment } from '../api/api-context.ts';
import type { Viewer } from './viewer.ts';

/** Who asks. It is set on every path below /api/; where it were not, the route would fail and show nothing. */
export const viewerOf = (context: Pick<Context<ApiEnvironment>, 'get'>): Viewer => context.get('viewer');
