import type { JsonValue } from '#model/json.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { isJsonObject, readKey } from './read-key.ts';

/**
 * `prevResult` of a configuration as the very text it came in: numbers too large for a double, the order of keys and
 * whatever else a reader would lose stay as they are.
 * @throws CniFailure of code 6 where stdin is no JSON, 7 where it has no prevResult
 */
export function extractPreviousResult(input: string): string {
  let configuration: JsonValue;
  try {
    configuration = JSON.parse(input) as JsonValue;
  } catch (error) {
    const message = 'the network configuration on stdin is no JSON';
    throw new CniFailure(message, { code: CNI_ERROR_CODE.decodingFailed, details: String(error), cause: error });
  }
  if (!isJsonObject(configuration) || !isJsonObject(readKey(configuration, 'prevResult'))) {
    throw new CniFailure('prevResult is missing: in mode "tap" podwire stands behind another plugin', {
      code: CNI_ERROR_CODE.configurationInvalid,
    });
  }
  return findMember(input, 'prevResult');
}

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const SCALAR = /[^\s,\]}]+/y;
const BLANK = /\s*/y;

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  pattern.test(text);
  return pattern.lastIndex;
}

/** Text is valid JSON and an object, with that key. Where a key comes twice, the last one counts, as for every decoder. */
function findMember(text: string, key: string): string {
  const wanted = key.toLowerCase();
  const skipBlank = (start: number): number => endOf(BLANK, text, start);
  let exact: string | undefined;
  let folded: string | undefined;
  let position = skipBlank(skipBlank(0) + 1);
  while (text[position] === '"') {
    const keyEnd = endOf(STRING, text, position);
    const name = JSON.parse(text.slice(position, keyEnd)) as string;
    const start = skipBlank(skipBlank(keyEnd) + 1);
    const end = endOfValue(text, start);
    if (name === key) exact = text.slice(start, end);
    else if (name.toLowerCase() === wanted) folded ??= text.slice(start, end);
    position = skipBlank(end);
    if (text[position] === ',') position = skipBlank(position + 1);
  }
  return exact ?? folded ?? '';
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOf(STRING, text, start);
  if (text[start] !== '{' && text[start] !== '[') return endOf(SCALAR, text, start);
  let depth = 0;
  for (let position = start; position < text.length; position += 1) {
    const character = text[position];
    if (character === '"') position = endOf(STRING, text, position) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return position + 1;
    }
  }
  return text.length;
}
