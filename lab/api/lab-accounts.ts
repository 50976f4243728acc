import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

/** The account that a token is for, as a TokenReview tells it. */
export type AccountUser = { readonly username: string; readonly uid: string; readonly groups: readonly string[] };
export type AccessAttributes = {
  readonly verb: string;
  readonly resource?: string;
  readonly namespace?: string | undefined;
};

type Account = { readonly namespace: string; readonly name: string; readonly uid: string };
type Claims = { readonly sub: string; readonly uid: string; readonly exp: number; readonly aud: readonly string[] };

export const API_AUDIENCE = 'https://kubernetes.default.svc';
const PREFIX = 'system:serviceaccount:';

/** Who may log in to a dashboard of the lab: all rights, one namespace's pods, none. There is no RBAC here beyond this table. */
const RIGHTS: Readonly<Record<string, (asked: AccessAttributes) => boolean>> = {
  'default/admin': () => true,
  'default/viewer': ({ verb, resource, namespace }) =>
    verb === 'list' && resource === 'pods' && namespace === 'default',
  'default/nobody': () => false,
};

/** ServiceAccounts and their tokens: signed, with an end and an audience, and good as long as the account is there. */
export class LabAccounts {
  readonly #accounts = new Map<string, Account>();
  readonly #secret: string;
  readonly #nowMs: () => number;

  constructor({ secret, nowMs }: { readonly secret: string; readonly nowMs: () => number }) {
    this.#secret = secret;
    this.#nowMs = nowMs;
    for (const key of Object.keys(RIGHTS)) this.#put(key);
  }

  /** Deletes an account, and with it every token that it ever had. @returns whether it was there */
  remove(key: string): boolean {
    return this.#accounts.delete(key);
  }

  /** Makes one that the table knows anew: another one, for which no older token is good. @returns whether it does */
  restore(key: string): boolean {
    if (RIGHTS[key] === undefined) return false;
    if (!this.#accounts.has(key)) this.#put(key);
    return true;
  }

  /** @returns undefined where there is no such account */
  createToken(key: string, wish: { readonly seconds: number; readonly audiences: readonly string[] }) {
    const account = this.#accounts.get(key);
    if (account === undefined) return undefined;
    const exp = Math.floor(this.#nowMs() / 1_000) + wish.seconds;
    const sub = `${PREFIX}${account.namespace}:${account.name}`;
    const claims: Claims = { sub, uid: account.uid, exp, aud: wish.audiences };
    const text = [{ alg: 'HS256', typ: 'JWT' }, claims].map(encode).join('.');
    return { token: `${text}.${this.#sign(text)}`, expiresAt: new Date(exp * 1_000).toISOString() };
  }

  /** @returns whose it is, or what is wrong with it */
  review(token: string, audiences: readonly string[]): AccountUser | string {
    const [head = '', payload = '', signature = ''] = token.split('.');
    const wanted = Buffer.from(this.#sign(`${head}.${payload}`));
    const given = Buffer.from(signature);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return 'invalid bearer token';
    const { sub, uid, exp, aud } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
    const [namespace = '', name = ''] = sub.slice(PREFIX.length).split(':');
    if (exp * 1_000 <= this.#nowMs()) return 'service account token has expired';
    if (!aud.some((one) => audiences.includes(one))) return `token audiences ${JSON.stringify(aud)} is invalid`;
    if (this.#accounts.get(`${namespace}/${name}`)?.uid !== uid) return 'service account has been deleted';
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
    return { username: sub, uid, groups };
  }

  isAllowed(username: string, asked: AccessAttributes): boolean {
    const key = username.startsWith(PREFIX) ? username.slice(PREFIX.length).replace(':', '/') : '';
    return this.#accounts.has(key) && (RIGHTS[key]?.(asked) ?? false);
  }

  #put(key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    this.#accounts.set(key, { namespace, name, uid: randomUUID() });
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
