import { z } from 'zod';

/** `POST /api/v1/session`: a Kubernetes bearer token, as `kubectl create token` prints it. */
export const LoginRequest = z.strictObject({ token: z.string().min(1).max(16_384) });
export type LoginRequest = z.infer<typeof LoginRequest>;

/** `GET /api/v1/session`: who is logged in, and what they may see. */
export const SessionBody = z.object({
  /** `none`: whoever reaches this Podwire is at its machine, and nobody logs in. */
  login: z.enum(['kubernetes', 'none']),
  /** As the API server names them; absent where nobody logs in. */
  user: z.string().optional(),
  /** RFC 3339: when they have to log in again. */
  expiresAt: z.string().optional(),
  scope: z.object({
    namespaces: z.union([z.literal('all'), z.array(z.string())]),
    seesNodes: z.boolean(),
  }),
});
export type SessionBody = z.infer<typeof SessionBody>;
