/** The lab's own API and its Kubernetes subset: address and token as the lab announced them. */
export type LabClient = {
  readonly server: string;
  readonly token: string;
};

/** One request to the lab; `undefined` where it does not answer. The lab bounds a command to 10 s. */
export async function requestLab(
  lab: LabClient,
  request: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<Response | undefined> {
  try {
    return await fetch(`${lab.server}${request.path}`, {
      method: request.method,
      headers: { authorization: `Bearer ${lab.token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(15_000),
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    });
  } catch {
    return undefined;
  }
}
