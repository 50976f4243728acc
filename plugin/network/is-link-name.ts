/** IFNAMSIZ without the closing zero. include/uapi/linux/if.h */
const LINK_NAME_MAX_BYTES = 15;

/**
 * Whether the kernel takes it as the name of a link, dev_valid_name() in net/core/dev.c. Beside that, no `%`: the kernel
 * would put a number for `%d`, and no half of a character, for which UTF-8 puts another: the link would not have the name
 * that was asked for.
 */
export function isLinkName(text: string): boolean {
  const byteLength = new TextEncoder().encode(text).byteLength;
  if (byteLength === 0 || byteLength > LINK_NAME_MAX_BYTES || text === '.' || text === '..') return false;
  return !/[/:%\s]/.test(text) && !text.includes('\u0000') && text.isWellFormed();
}
