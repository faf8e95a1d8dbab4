/**
 * Everything in a text that a terminal obeys instead of showing, as `\u` escapes of JSON: control characters, line
 * breaks of any kind, marks that reverse the order of what follows or that cannot be seen, halves of surrogate pairs.
 * The two joiners stay, which some scripts and emoji need.
 */
export function escapeControls(text: string): string {
  return text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (characters) =>
    Array.from({ length: characters.length }, (_, i) => unitEscape(characters.charCodeAt(i))).join(''),
  );
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
