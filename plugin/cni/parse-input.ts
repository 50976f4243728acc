import type { JsonObject, JsonValue } from '#model/json.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { type CniVersion, IMPLIED_CNI_VERSION, isSupportedCniVersion, SUPPORTED_CNI_VERSIONS } from './cni-version.ts';
import { isJsonObject, readText } from './read-key.ts';

/** What every command needs of the configuration, DEL included: that it is there, its version and its name. */
export type NetworkInput = {
  /** As it came on stdin. */
  readonly text: string;
  readonly cniVersion: CniVersion;
  readonly name: string;
  readonly configuration: JsonObject;
};

/** The specification's characters; no longer than a folder's name can be, NAME_MAX of include/uapi/linux/limits.h. */
const NETWORK_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;

/** @throws CniFailure of code 6 for empty input or bad JSON, 1 for a version not spoken, 7 for the name */
export function parseInput(text: string): NetworkInput {
  const configuration = parseJsonObject(text);
  const cniVersion = readText(configuration, 'cniVersion') ?? IMPLIED_CNI_VERSION;
  if (!isSupportedCniVersion(cniVersion)) {
    const details = `supported versions: ${SUPPORTED_CNI_VERSIONS.join(', ')}`;
    throw new CniFailure(`incompatible CNI versions: ${cniVersion} is not supported`, {
      code: CNI_ERROR_CODE.versionIncompatible,
      details,
    });
  }
  const name = readText(configuration, 'name');
  if (name === undefined || !NETWORK_NAME.test(name)) {
    const message =
      name === undefined
        ? 'the network configuration has no name'
        : `network name ${JSON.stringify(name)} is not valid`;
    throw new CniFailure(message, { code: CNI_ERROR_CODE.configurationInvalid });
  }
  return { text, cniVersion, name, configuration };
}

function parseJsonObject(text: string): JsonObject {
  if (text.trim() === '')
    throw new CniFailure('no network configuration on stdin', { code: CNI_ERROR_CODE.decodingFailed });
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new CniFailure('the network configuration on stdin is no JSON', {
      code: CNI_ERROR_CODE.decodingFailed,
      details: String(error),
      cause: error,
    });
  }
  if (!isJsonObject(value))
    throw new CniFailure('the network configuration is no JSON object', { code: CNI_ERROR_CODE.decodingFailed });
  return value;
}
