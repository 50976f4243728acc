/** IFNAMSIZ without the closing zero. include/uapi/linux/if.h */
const LINK_NAME_MAX_BYTES = 15;

/**
 * Whether the kernel takes it as the name of a link, dev_valid_name() in net/core/dev.c. Beside that, no `%`: the kernel
 * would put a number for `%d`, and the link would have another name than the one asked for.
 */
export function isLinkName(text: string): boolean {
  const byteLength = new TextEncoder().encode(text).byteLength;
  if (byteLength === 0 || byteLength > LINK_NAME_MAX_BYTES || text === '.' || text === '..') return false;
  return !/[/:%\s]/.test(text) && !text.includes('\u0000');
}
