import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ApiParts } from './api-request.ts';
import { HttpFailure, writeFailure } from './http-answers.ts';
import { answerKubernetes } from './kubernetes-routes.ts';
import { answerLab } from './lab-routes.ts';

/** The lab's API: the subset of Kubernetes that clients need to list and watch nodes and pods, and the lab's own routes. */
export function createApiServer(parts: ApiParts): Server {
  return createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      const failure =
        error instanceof HttpFailure ? error : new HttpFailure(500, 'InternalError', (error as Error).message);
      writeFailure(request, response, failure);
    });
  });
}

async function answer(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isAuthorized(request, parts.token)) throw new HttpFailure(401, 'Unauthorized', 'the bearer token is missing');
  const url = new URL(request.url ?? '/', 'http://lab');
  const path = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const call = { parts, request, response, url, path };
  await (path[0] === 'lab' ? answerLab(call) : answerKubernetes(call));
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
