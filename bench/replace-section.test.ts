import { expect, test } from 'vitest';
import { replaceSection } from './replace-section.ts';

const document = 'before\n<!-- bench:a:begin -->\nold\n<!-- bench:a:end -->\nafter\n';

test('new numbers take the place of the old ones, and the text around them stays', () => {
  expect(replaceSection(document, 'bench:a', 'new\n')).toBe(
    'before\n<!-- bench:a:begin -->\nnew\n<!-- bench:a:end -->\nafter\n',
  );
});

test('writing the same numbers twice changes nothing', () => {
  const once = replaceSection(document, 'bench:a', 'new');
  expect(replaceSection(once, 'bench:a', 'new')).toBe(once);
});

test('a document without the section is refused', () => {
  expect(() => replaceSection(document, 'bench:b', 'new')).toThrow('bench:b');
});
