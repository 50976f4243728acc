import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * `<journal>/lost`: one number a line, their sum is how many lines of this journal went unread by anyone. Appended to, so that
 * processes that count at once do not lose each other's numbers; there from the beginning, so that its block is
 * taken before the disk is full.
 */
const lostPath = (folder: string): string => `${folder}/lost`;

const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** A line end before the number: one that a full disk tore does not become part of the next. */
export function countLostLines(folder: string, lines: number): void {
  const fd = openSync(lostPath(folder), APPENDING, 0o640);
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
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
