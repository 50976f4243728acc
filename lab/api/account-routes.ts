import { z } from 'zod';
import type { ApiRequest } from './api-request.ts';
import { HttpFailure, readJson, writeJson } from './http-answers.ts';
import { API_AUDIENCE } from './lab-accounts.ts';

const HOUR_S = 3_600;

const TokenRequest = z.object({
  spec: z
    .object({ audiences: z.array(z.string()).optional(), expirationSeconds: z.int().min(1).optional() })
    .optional(),
});
const TokenReview = z.object({ spec: z.object({ token: z.string(), audiences: z.array(z.string()).optional() }) });
const AccessReview = z.object({
  spec: z.object({
    user: z.string().default(''),
    resourceAttributes: z
      .object({ verb: z.string(), resource: z.string(), namespace: z.string().optional() })
      .optional(),
    nonResourceAttributes: z.object({ verb: z.string(), path: z.string() }).optional(),
  }),
});

/**
 * ServiceAccounts, as far as a login needs them: `kubectl create token`, `kubectl delete serviceaccount`, and the two reviews that a
 * server asks for. @returns whether the request was about any of that
 */
export async function answerAccounts(call: ApiRequest): Promise<boolean> {
  const { path, request } = call;
  const [, , , namespace = '', plural, name = '', token] = path;
  const line = `${request.method} ${path.join('/')}`;
  if (line === 'POST apis/authentication.k8s.io/v1/tokenreviews') await reviewToken(call);
  else if (line === 'POST apis/authorization.k8s.io/v1/subjectaccessreviews') await reviewAccess(call);
  else if (plural !== 'serviceaccounts' || name === '') return false;
  else if (request.method === 'POST' && token === 'token') await createToken(call, `${namespace}/${name}`);
  else answerAccount(call, `${namespace}/${name}`);
  return true;
}

/** DELETE, and PUT, which makes it anew where it was deleted. */
function answerAccount({ parts, request, response }: ApiRequest, key: string): void {
  const isDelete = request.method === 'DELETE';
  if (!isDelete && request.method !== 'PUT') throw new HttpFailure(405, 'MethodNotAllowed', 'DELETE or PUT');
  const isDone = isDelete ? parts.accounts.remove(key) : parts.accounts.restore(key);
  if (!isDone) throw new HttpFailure(404, 'NotFound', `serviceaccounts "${key}" not found`);
  writeJson(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
}

async function createToken({ parts, request, response }: ApiRequest, key: string): Promise<void> {
  const { spec } = readBody(TokenRequest, (await readJson(request)) ?? {});
  const seconds = spec?.expirationSeconds ?? HOUR_S;
  const audiences = spec?.audiences?.length ? spec.audiences : [API_AUDIENCE];
  const made = parts.accounts.createToken(key, { seconds, audiences });
  if (made === undefined) throw new HttpFailure(404, 'NotFound', `serviceaccounts "${key}" not found`);
  writeJson(response, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    spec: { audiences, expirationSeconds: seconds },
    status: { token: made.token, expirationTimestamp: made.expiresAt },
  });
}

async function reviewToken({ parts, request, response }: ApiRequest): Promise<void> {
  const { spec } = readBody(TokenReview, await readJson(request));
  const audiences = spec.audiences?.length ? spec.audiences : [API_AUDIENCE];
  const user = parts.accounts.review(spec.token, audiences);
  const status = typeof user === 'string' ? { error: user } : { authenticated: true, user, audiences };
  writeJson(response, 201, { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec, status });
}

async function reviewAccess({ parts, request, response }: ApiRequest): Promise<void> {
  const { spec } = readBody(AccessReview, await readJson(request));
  const { resourceAttributes, nonResourceAttributes } = spec;
  const asked = resourceAttributes ?? (nonResourceAttributes && { verb: nonResourceAttributes.verb });
  const allowed = asked !== undefined && parts.accounts.isAllowed(spec.user, asked);
  const kind = 'SubjectAccessReview';
  writeJson(response, 201, { kind, apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec, status: { allowed } });
}

function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw new HttpFailure(400, 'BadRequest', read.error.issues[0]?.message ?? 'the body is not what it should be');
}
