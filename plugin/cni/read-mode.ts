import type { PluginMode } from '#model/cni/invocation-event.ts';
import type { JsonObject, JsonValue } from '#model/json.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { isJsonObject, readKey } from './read-key.ts';

/** For a configuration that is torn: a tap has to stay one whatever stdin is. */
const TAP_IN_TEXT = /"mode"\s*:\s*"tap"/i;

/**
 * The mode that a configuration asks for. Absent means bridge, also behind another plugin: a tap is one because its configuration says
 * so, never because of what a runtime happens to send along. Other words are refused where the configuration is parsed.
 */
export function readMode(text: string): PluginMode {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return TAP_IN_TEXT.test(text) ? 'tap' : 'bridge';
  }
  return isJsonObject(value) && readKey(value, 'mode') === 'tap' ? 'tap' : 'bridge';
}

const invalid = (message: string): CniFailure => new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });

/** @throws CniFailure of code 7 for a mode that is not known */
export function requireBridgeMode(configuration: JsonObject): void {
  const mode = readKey(configuration, 'mode');
  if (mode === undefined || mode === 'bridge') return;
  throw invalid(`mode ${JSON.stringify(mode)} is not known; use "bridge", which is the default, or "tap"`);
}

/**
 * A bridge makes the pod's interface, so nothing can come before it in a chain.
 * @throws CniFailure of code 7 where an ADD has the result of a plugin before it
 */
export function requireFirstInChain(configuration: JsonObject): void {
  if (readKey(configuration, 'prevResult') === undefined) return;
  throw invalid('podwire stands behind another plugin; add "mode": "tap" to pass its result on, or put podwire first');
}
