import { InputError, messageOf } from '../base/errors.js';
import { escapeControls } from '../base/escape.js';
import { textKind } from './file-format.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * UTF-8 JSON whose outermost value is an object without repeated keys.
 * @param what names the text in messages: a file, or a part of one.
 * @throws InputError for anything else.
 */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${what}: expected JSON, but the text is not valid UTF-8`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const kind = textKind(bytes.subarray(0, 1024));
    const known = kind !== undefined && !/^(JSON|text) /.test(kind);
    throw new InputError(`${what}: expected JSON${known ? `, got ${kind}` : ` (${oneLine(messageOf(error))})`}`);
  }
  if (!isJsonObject(value)) throw new InputError(`${what}: expected a JSON object`);
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new InputError(`${what}: the key ${quote(repeated)} occurs twice`);
  return value;
}

/** The first key that the outermost object of a valid JSON text holds twice. `JSON.parse` keeps silent about it. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let atKey = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '{' || c === '[') {
      depth++;
      atKey = depth === 1;
    } else if (c === '}' || c === ']') {
      depth--;
    } else if (c === ',') {
      atKey = depth === 1;
    } else if (c === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
      if (!atKey) continue;
      atKey = false;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** A name from a file as messages show it: quoted, without line breaks or anything a terminal obeys, not endless. */
export function quote(name: string): string {
  const text = escapeControls(JSON.stringify(name.slice(0, 200)));
  return text.length <= 120 ? text : `${text.slice(0, 117)}..."`;
}

/** A value from a file as messages show it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  // Shallow values as JSON; what nests deeper would exhaust the stack.
  const isFlat = Object.values(value).every((item) => typeof item !== 'object' || item === null);
  const text = isFlat ? escapeControls(JSON.stringify(value)) : Array.isArray(value) ? 'a list' : 'an object';
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** Text from elsewhere, made fit for a message of one line. */
export function oneLine(text: string): string {
  return escapeControls(text.slice(0, 200).replace(/\s+/g, ' '));
}
