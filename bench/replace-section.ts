/**
 * Replaces what stands between `<!-- name:begin -->` and `<!-- name:end -->`, the marks stay. Throws where they are
 * missing: a number must not be written anywhere else.
 */
export function replaceSection(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no section ${name}: ${begin} and ${end} are expected, in this order`);
  return `${document.slice(0, from + begin.length)}\n${content.trim()}\n${document.slice(to)}`;
}
