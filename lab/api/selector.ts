import { HttpFailure } from './http-answers.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';

/** `labelSelector` and `fieldSelector` of a request, equality only; anything else is refused, not ignored. */
export function parseSelector(query: URLSearchParams): (object: KubernetesObject) => boolean {
  const labels = parseTerms(query.get('labelSelector'));
  const fields = parseTerms(query.get('fieldSelector'));
  return (object) =>
    labels.every((term) => (object.metadata.labels?.[term.key] === term.value) === term.isEqual) &&
    fields.every((term) => (readField(object, term.key) === term.value) === term.isEqual);
}

type Term = { readonly key: string; readonly value: string; readonly isEqual: boolean };

function parseTerms(text: string | null): readonly Term[] {
  return (text ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([\w./-]+)(==|!=|=)([\w.:/-]*)$/.exec(part);
      if (match === null) throw new HttpFailure(400, 'BadRequest', `unsupported selector "${part}"`);
      return { key: match[1] ?? '', value: match[3] ?? '', isEqual: match[2] !== '!=' };
    });
}

function readField(object: KubernetesObject, field: string): string | undefined {
  if (field === 'metadata.name') return object.metadata.name;
  if (field === 'metadata.namespace') return object.metadata.namespace;
  if (field === 'spec.nodeName' && object.kind === 'Pod') return object.spec.nodeName;
  if (field === 'status.phase' && object.kind === 'Pod') return object.status.phase;
  throw new HttpFailure(400, 'BadRequest', `unsupported field selector "${field}"`);
}
