import { escapeControls } from '../base/escape.js';

/** Results, each a line on standard output. What a terminal would obey is shown escaped: names come from files. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
}

/** A result as JSON on standard output, in a line of its own unless indented. */
export function printJson(value: unknown, indent?: number): void {
  // JSON.stringify leaves C1 controls and marks of direction as they are; its own line breaks stay.
  const lines = JSON.stringify(value, null, indent).split('\n');
  printLines(lines);
}

/** A line on standard error. */
export function printError(line: string): void {
  process.stderr.write(`${escapeControls(line)}\n`);
}
