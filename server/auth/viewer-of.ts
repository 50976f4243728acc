import type { Context } from 'hono';
import type { ApiEnvironment } from '../api/api-context.ts';
import { ONLY_PERSON, type Viewer } from './viewer.ts';

/** Who asks. The middleware has set it on every path below /api/ where people log in. */
export const viewerOf = (context: Context<ApiEnvironment>): Viewer => context.get('viewer') ?? ONLY_PERSON;
