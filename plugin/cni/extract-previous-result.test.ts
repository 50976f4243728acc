import { describe, expect, it } from 'vitest';
import { extractPreviousResult } from './extract-previous-result.ts';

describe('prevResult is taken from stdin as the text that it is', () => {
  it.each([
    '{}',
    '{"a":12345678901234567890.000,"2":1,"1":2,"__proto__":{"x":1e999}}',
    '{ "interfaces" : [ {"mac":"ein \\"} ]"} ], "x": "\\\\" }',
    '{"deep":[[{"a":[1,[2,{"b":"]}"}]]}]],"unicode":"\\u00e9é😀"}',
  ])('%s', (result) => {
    expect(extractPreviousResult(`{"name":"n","list":[{"prevResult":1}],"prevResult":${result},"z":null}`)).toBe(
      result,
    );
    expect(extractPreviousResult(` \n{\t"prevResult" :\n ${result} } `)).toBe(result);
  });

  it('under the exact key before one in another case, and the last where it comes twice', () => {
    expect(extractPreviousResult('{"prevresult":{"a":1},"prevResult":{"b":2}}')).toBe('{"b":2}');
    expect(extractPreviousResult('{"PREVRESULT":{"a":1}}')).toBe('{"a":1}');
    expect(extractPreviousResult('{"prevResult":{"a":1},"prevResult":{"b":2}}')).toBe('{"b":2}');
  });

  it.each(['{}', '{"prevResult":null}', '{"prevResult":"text"}', '{"prevResult":[]}', '[{"prevResult":{}}]', '7'])(
    'or missed in %s',
    (input) => {
      expect(() => extractPreviousResult(input)).toThrow(expect.objectContaining({ code: 7 }));
    },
  );

  it('and stdin that is no JSON is told apart', () => {
    expect(() => extractPreviousResult('{"prevResult":{}')).toThrow(expect.objectContaining({ code: 6 }));
  });
});
