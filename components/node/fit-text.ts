/** Cuts text to a width and says so with an ellipsis; the whole text belongs in a title beside it. */
export function fitText(text: string, widthPx: number, advancePx: number): string {
  const characters = Math.max(1, Math.floor(widthPx / advancePx));
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

/** Text on two lines, broken at a space; what does not fit the second is cut. */
export function fitTwoLines(text: string, widthPx: number, advancePx: number): readonly [string, string] {
  const characters = Math.max(1, Math.floor(widthPx / advancePx));
  if (text.length <= characters) {
    return [text, ''];
  }
  const space = text.lastIndexOf(' ', characters);
  const end = space > 0 ? space : characters;
  return [text.slice(0, end), fitText(text.slice(end).trim(), widthPx, advancePx)];
}
