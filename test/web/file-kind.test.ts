import { expect, test } from 'vitest';
import { fileKind, sortFiles } from '../../web/src/components/file-kind.js';

test.each([
  ['me.png', 'image/png', 'portrait'],
  ['me', 'image/heic', 'portrait'],
  ['me.JPG', '', 'portrait'],
  ['talk.wav', 'audio/wav', 'speech'],
  ['talk.webm', 'video/webm', 'speech'],
  ['talk.opus', '', 'speech'],
  ['float.pth', '', 'model'],
  ['config.json', 'application/json', 'model'],
  ['notes.txt', 'text/plain', undefined],
  ['png', '', undefined],
])('%s of type "%s" is taken for %s', (name, type, kind) => {
  expect(fileKind({ name, type })).toBe(kind);
});

test('the files of a model stay together, of the others the first is taken', () => {
  const file = (name: string) => ({ name, type: '' });
  const files = ['a.png', 'b.png', 'm.safetensors', 'm.json', 'x.txt'].map(file);
  expect(sortFiles(files)).toEqual({
    portrait: file('a.png'),
    speech: undefined,
    model: [file('m.safetensors'), file('m.json')],
    unknown: [file('x.txt')],
  });
});
