import { expect, test } from 'vitest';
import { readScope } from './read-scope.ts';
import type { AccessQuestion } from './review-client.ts';
import { EVERYTHING, seesPodsOf } from './scope.ts';

const wordsOf = (question: AccessQuestion): string =>
  'path' in question ? question.path : `${question.verb} ${question.resource} ${question.namespace}`.trim();

function scopeOf(rights: readonly string[], namespaces: readonly string[] = ['default', 'kube-system', 'shop']) {
  const asked: string[] = [];
  const mayDo = async (question: AccessQuestion) => {
    asked.push(wordsOf(question));
    return rights.includes(wordsOf(question));
  };
  return readScope(mayDo, () => namespaces).then((scope) => ({ scope, asked }));
}

test('who may list all pods and nodes is asked about twice, and sees what one without a login sees', async () => {
  const { scope, asked } = await scopeOf(['list pods', 'list nodes']);
  expect(scope).toBe(EVERYTHING);
  expect(asked.toSorted()).toEqual(['list nodes', 'list pods']);
});

test('otherwise each namespace is asked about, and one that nobody has heard of stays hidden', async () => {
  const { scope } = await scopeOf(['list pods shop', 'list pods default', 'list pods secret']);
  expect([...(scope.namespaces as ReadonlySet<string>)]).toEqual(['default', 'shop']);
  expect([seesPodsOf(scope, 'shop'), seesPodsOf(scope, 'kube-system'), seesPodsOf(scope, 'secret')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(scope.seesNodes).toBe(false);
});

test('equal rights have the same key, and no two others have', async () => {
  const keys = await Promise.all(
    [
      ['list pods default', 'list pods shop'],
      ['list pods shop', 'list pods default'],
      ['list pods shop'],
      ['list pods shop', 'list nodes'],
      ['list pods'],
      ['list nodes'],
      [],
      ['list pods', 'list nodes'],
    ].map(async (rights) => (await scopeOf(rights)).scope.key),
  );
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(keys.length - 1);
});

test('an API server that cannot be asked is no answer', async () => {
  await expect(
    readScope(
      () => Promise.reject(new Error('away')),
      () => ['a'],
    ),
  ).rejects.toThrow('away');
});
