import { z } from 'zod';
import { LabBody } from '#model/protocol/rest.ts';
import type { Result } from '#model/result.ts';
import { fetchJson } from '../live/fetch-json.ts';

/** What the embedded lab lets one do. Every failure is a line for the screen. */

const Anything = z.unknown();

const send = (method: string, body?: unknown): RequestInit => ({
  method,
  ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
});

/** The lab, or why there is none: away from the embedded lab the collector answers 404. */
export const readLab = (): Promise<Result<LabBody, string>> => fetchJson('/api/v1/lab', LabBody);

/** Puts the plugin and its configuration on a node, or takes the configuration away. */
export const setLabCni = (node: string, installed: boolean): Promise<Result<unknown, string>> =>
  fetchJson(`/api/v1/lab/nodes/${encodeURIComponent(node)}/cni`, Anything, send('PUT', { installed }));
