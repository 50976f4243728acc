import { type Configuration, HttpMethod } from '@kubernetes/client-node';
import { z } from 'zod';
import { describeError } from '../cluster/describe-error.ts';

/** Whose a token is, in the API server's own words; an access review is asked with all of it. */
export type Identity = {
  readonly username: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
};

/** `refused`: nobody's token, or nobody's now. The API server's reason may name what is wrong with it. */
export type TokenVerdict =
  | { readonly type: 'accepted'; readonly identity: Identity }
  | { readonly type: 'refused'; readonly reason: string };

/** May they do this: to objects of the core group, in one namespace or in all (`''`), or with a path that is no object. */
export type AccessQuestion =
  | { readonly verb: string; readonly resource: 'pods' | 'nodes'; readonly namespace: string }
  | { readonly verb: string; readonly path: string };

/** What asks the API server; the tests have none other than over HTTP. */
export type Reviewer = Pick<ReviewClient, 'reviewToken' | 'reviewAccess'>;

/** An API server that is asked while it starts answers within this time or not at all. */
const ANSWER_WITHIN_MS = 10_000;

const TokenReview = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    user: z
      .object({
        username: z.string().default(''),
        uid: z.string().optional(),
        groups: z.array(z.string()).default([]),
        extra: z.record(z.string(), z.array(z.string())).default({}),
      })
      .optional(),
    audiences: z.array(z.string()).default([]),
    error: z.string().optional(),
  }),
});
const AccessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

/**
 * Asks the API server whose a token is and what they may do, through the official client's transport and credentials; its typed
 * calls take no time limit. Both reject where there is no answer, with a message that holds nothing of the token.
 * Made by `KubeConfig.makeApiClient`.
 */
export class ReviewClient {
  readonly #configuration: Configuration;

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /**
   * TokenReview, authentication.k8s.io/v1. `audience` absent: the API server's own. An API server that knows no audiences takes
   * any token whatever was asked, and says so by naming none: that is a refusal too.
   */
  async reviewToken(token: string, audience?: string): Promise<TokenVerdict> {
    const spec = { token, ...(audience !== undefined && { audiences: [audience] }) };
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec };
    const text = await this.#post('/apis/authentication.k8s.io/v1/tokenreviews', review, token);
    const { status } = parseAnswer(TokenReview, text);
    if (!status.authenticated || status.user === undefined || status.user.username === '') {
      return { type: 'refused', reason: withoutSecret(status.error ?? 'it is nobody’s', token) };
    }
    if (audience !== undefined && !status.audiences.includes(audience)) {
      return { type: 'refused', reason: `it is not for the audience ${audience}` };
    }
    return { type: 'accepted', identity: status.user };
  }

  /** SubjectAccessReview, authorization.k8s.io/v1. */
  async reviewAccess(identity: Identity, question: AccessQuestion): Promise<boolean> {
    const { username: user, uid, groups, extra } = identity;
    const asked =
      'path' in question
        ? { nonResourceAttributes: question }
        : { resourceAttributes: { ...question, group: '', version: 'v1' } };
    const spec = { user, ...(uid !== undefined && { uid }), groups, extra, ...asked };
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    const text = await this.#post('/apis/authorization.k8s.io/v1/subjectaccessreviews', review, undefined);
    return parseAnswer(AccessReview, text).status.allowed;
  }

  async #post(path: string, body: object, secret: string | undefined): Promise<string> {
    const { baseServer, authMethods, httpApi } = this.#configuration;
    const request = baseServer.makeRequestContext(path, HttpMethod.POST);
    request.setHeaderParam('accept', 'application/json');
    request.setHeaderParam('content-type', 'application/json');
    request.setBody(JSON.stringify(body));
    request.setSignal(AbortSignal.timeout(ANSWER_WITHIN_MS));
    try {
      await authMethods.default?.applySecurityAuthentication(request);
      const response = await httpApi.send(request).toPromise();
      const text = await response.body.text();
      if (response.httpStatusCode < 300) return text;
      throw Object.assign(new Error(path), { statusCode: response.httpStatusCode, body: text });
    } catch (error) {
      // No cause: it holds the request's body, and so the token.
      // biome-ignore lint/style/useErrorCause: see above.
      throw new Error(withoutSecret(describeError(error), secret));
    }
  }
}

/** The answer repeats the question, and what a parser says of a text quotes it: neither is told. */
function parseAnswer<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // biome-ignore lint/style/useErrorCause: see above.
    throw new Error('its answer is not a review');
  }
}

const withoutSecret = (text: string, secret: string | undefined): string =>
  secret === undefined ? text : text.replaceAll(secret, '…');
