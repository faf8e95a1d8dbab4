import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { byteStatus, createProgress, frameStatus } from '../../src/cli/progress.js';

/** A terminal that one can resize; `line` is what its last line shows. */
function fakeTerminal(columns?: number) {
  let written = '';
  return {
    isTTY: true,
    ...(columns !== undefined && { columns }),
    write: (text: string) => (written += text),
    written: () => written,
    line: () => written.split(/[\r\n]/).at(-1)!,
  };
}

const full = frameStatus(52, 103, 4.2);

describe('the progress line', () => {
  it('tells share, count, rate and time', () => {
    expect(full[0]).toBe('[############------------] 52/103 frames  12.4 frames/s  0:04 left');
    expect(byteStatus(1240e6, 2470e6, 3)[1]).toBe('1240/2470 MB  413 MB/s  0:03 left');
    expect(frameStatus(52, undefined, 4)).toEqual(['52 frames  13.0 frames/s']);
  });

  it.each([
    [80, full[0]],
    [full[0]!.length + 1, full[0]],
    [full[0]!.length, full[1]],
    [full[1]!.length, '52/103 frames  12.4 frames/s  0:04 le…'],
    [10, '52/103 f…'],
    [2, '…'],
    [1, ''],
    [0, full[0]], // the terminal does not say: 80
    [undefined, full[0]],
  ])('at %s columns', (columns, expected) => {
    const terminal = fakeTerminal(columns);
    createProgress(false, terminal).status(...full);
    expect(terminal.line()).toBe(expected);
  });

  it('never fills a line of wide characters, and cuts none in two', () => {
    const text = '肖像画/👩‍👩‍👧‍👦/é'.repeat(4);
    const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
    const beginnings = characters.map((_, i) => `${characters.slice(0, i).join('')}…`);
    for (let columns = 2; columns < 30; columns++) {
      const terminal = fakeTerminal(columns);
      createProgress(false, terminal).status(text);
      expect(stringWidth(terminal.line())).toBeLessThan(columns);
      expect(beginnings).toContain(terminal.line());
    }
  });

  it('follows a terminal that is resized, and wipes no more than a line', () => {
    const terminal = fakeTerminal(100);
    const progress = createProgress(false, terminal);
    progress.status(...full);
    Object.assign(terminal, { columns: 20 });
    progress.status(...full);
    progress.end();
    const wiped = terminal.written().split(/[\r\n]/);
    expect(wiped).toEqual([full[0], ' '.repeat(19), '52/103 frames  12.…', ' '.repeat(19), '']);
  });

  it('is silent where standard error is no terminal, or when told to be', () => {
    const log = Object.assign(fakeTerminal(80), { isTTY: false });
    const progress = createProgress(false, log);
    progress.status('working');
    progress.note('done');
    expect(log.written()).toBe('done\n');
    const quiet = fakeTerminal(80);
    createProgress(true, quiet).note('done');
    createProgress(true, quiet).status('working');
    expect(quiet.written()).toBe('');
  });

  it('shows escape sequences instead of obeying them', () => {
    const terminal = fakeTerminal(80);
    createProgress(false, terminal).note('a\x1b[2Jb\nc\u202ed');
    createProgress(false, terminal).status('e\x9bK');
    expect(terminal.written()).toBe('a\\u001b[2Jb\\u000ac\\u202ed\ne\\u009bK');
  });
});
