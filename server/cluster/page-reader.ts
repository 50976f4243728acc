import { type Configuration, HttpMethod } from '@kubernetes/client-node';

export type PageQuery = { readonly limit?: number; readonly continue?: string };
export type Page = {
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
};

/** The API server refused a list, in its own words. */
export class ListFailure extends Error {
  readonly statusCode: number;
  readonly body: string;

  constructor(statusCode: number, body: string) {
    super('the list was refused');
    this.statusCode = statusCode;
    this.body = body;
  }
}

/**
 * Reads pages of lists through the official client's transport and credentials, but as bare JSON: its typed calls make an
 * object of a class of every field of every object, most of which are dropped at once. Made by `KubeConfig.makeApiClient`.
 */
export class PageReader {
  readonly #configuration: Configuration;

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** Rejects with a ListFailure for any answer but 200, and with fetch's error where there is none. */
  async read(path: string, query: PageQuery): Promise<Page> {
    const { baseServer, authMethods, httpApi } = this.#configuration;
    const request = baseServer.makeRequestContext(path, HttpMethod.GET);
    request.setHeaderParam('accept', 'application/json');
    for (const [name, value] of Object.entries(query)) request.setQueryParam(name, String(value));
    await authMethods.default?.applySecurityAuthentication(request);
    const response = await httpApi.send(request).toPromise();
    const text = await response.body.text();
    if (response.httpStatusCode !== 200) throw new ListFailure(response.httpStatusCode, text);
    return JSON.parse(text) as Page;
  }
}
