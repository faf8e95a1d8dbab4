// The tables that are checked in. By launch and family: registers, spills, microseconds of the estimate. By compared
// operator and family: microseconds of the estimate of ONNX Runtime Web’s kernels, and which of its ways that was.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

const pathOf = (precision) => fileURLToPath(new URL(`results/${precision}.json`, import.meta.url));

/** { a: { b: value } } as { b: { a: value } }. */
function turned(table) {
  const result = {};
  for (const [a, inner] of Object.entries(table)) {
    for (const [b, value] of Object.entries(inner)) (result[b] ??= {})[a] = value;
  }
  return result;
}

/** @returns { cards, peers }, each by family and then by key. */
export function readResults(precision) {
  const path = pathOf(precision);
  const { launches, peers } = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : { launches: {}, peers: {} };
  const us = ([registers, spills, us]) => ({ registers, spills, us });
  const cards = Object.entries(turned(launches)).map(([family, rows]) => [
    family,
    Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, us(row)])),
  ]);
  return { cards: Object.fromEntries(cards), peers: turned(peers) };
}

export async function writeResults(precision, { cards, peers }) {
  const arrays = Object.entries(turned(cards)).map(([key, byFamily]) => [
    key,
    Object.fromEntries(
      Object.entries(byFamily).map(([family, { registers, spills, us }]) => [
        family,
        [registers, spills, us],
      ]),
    ),
  ]);
  const text = JSON.stringify({ launches: Object.fromEntries(arrays), peers: turned(peers) });
  writeFileSync(pathOf(precision), await format(text, { parser: 'json', printWidth: 110 }));
}
