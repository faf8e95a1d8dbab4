import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeControls } from '../../src/base/escape.js';

it.each([
  ['\x1b[31mred\x1b[0m', '\\u001b[31mred\\u001b[0m'],
  ['a\nb\r\tc\x00\x7f', 'a\\u000ab\\u000d\\u0009c\\u0000\\u007f'],
  ['\x9b2J', '\\u009b2J'],
  ['abc\u202egnp.exe\u2066\u200f\u061c', 'abc\\u202egnp.exe\\u2066\\u200f\\u061c'],
  ['\u2028\u2029\ufeff\u200b', '\\u2028\\u2029\\ufeff\\u200b'],
  ['tag \u{e0041}', 'tag \\udb40\\udc41'],
  ['half \ud800', 'half \\ud800'],
  ['Ω é 肖像 👩‍👩‍👧 "a\\b"', 'Ω é 肖像 👩‍👩‍👧 "a\\b"'],
])('%j is shown as %j', (text, expected) => expect(escapeControls(text)).toBe(expected));

it('of any text nothing is left that a terminal obeys, and of JSON the same value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeControls(text)).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      expect(JSON.parse(escapeControls(JSON.stringify(text)))).toBe(text);
    }),
  );
});
