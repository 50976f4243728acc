import { nodeFs } from '#plugin/netlink/node-fs.ts';

/**
 * `<journal>/lost`: one number a line, their sum is how many lines of this journal went unread by anyone. Appended to, so that
 * processes that count at once do not lose each other's numbers; there from the beginning, so that its block is
 * taken before the disk is full.
 */
const lostPath = (folder: string): string => `${folder}/lost`;

/** A line end before the number: one that a full disk tore does not become part of the next. */
export function countLostLines(folder: string, lines: number): void {
  const { closeSync, constants, openSync, writeSync } = nodeFs();
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const fd = openSync(lostPath(folder), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640);
  try {
    writeSync(fd, `\n${lines}`);
  } finally {
    closeSync(fd);
  }
}

/** Takes the file's block while there is one. A folder that cannot be written has no journal to count for. */
export function keepLostLinesCountable(folder: string): void {
  try {
    if (readFileIfThere(lostPath(folder)) === '') countLostLines(folder, 0);
  } catch {
    // The loss is counted beside the other journal then.
  }
}

/** @returns how many lines of this journal were lost since its folder was made */
export function readLostLines(folder: string): number {
  return readFileIfThere(lostPath(folder))
    .split('\n')
    .map(Number)
    .filter(Number.isSafeInteger)
    .reduce((sum, lines) => sum + lines, 0);
}

function readFileIfThere(path: string): string {
  try {
    return nodeFs().readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
