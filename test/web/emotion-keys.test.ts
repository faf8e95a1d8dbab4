import fc from 'fast-check';
import { emotions, parseEmotionSchedule } from 'float-webgpu';
import { expect, test } from 'vitest';
import { addKey, changeKey, emotionKeys, removeKey } from '../../web/src/components/emotion-keys.js';

const edit = fc.oneof(
  fc
    .double({ min: 0, max: 30, noNaN: true })
    .map((duration) => (setting: string) => addKey(setting, duration)),
  fc
    .record({
      index: fc.nat(4),
      time: fc.double({ min: 0, max: 30, noNaN: true }),
      emotion: fc.constantFrom(...emotions, 'heard' as const),
      strength: fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
    })
    .map(({ index, ...change }) => (setting: string) => {
      return index < emotionKeys(setting).length ? changeKey(setting, index, change) : setting;
    }),
  fc.nat(4).map((index) => (setting: string) => removeKey(setting, index)),
);

test('whatever is edited, the library can read it', () => {
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
      const setting = edits.reduce((text, apply) => apply(text), '');
      if (setting !== '') expect(() => parseEmotionSchedule(setting)).not.toThrow();
      expect(emotionKeys(setting)[0]?.time).toBe(0);
    }),
  );
});

test('a key is added half way to the end, changed, and taken away', () => {
  const two = addKey('sad', 4);
  expect(two).toBe('sad,happy@2');
  expect(changeKey(two, 1, { emotion: 'angry', strength: 0.5, time: 3.04 })).toBe('sad,angry*0.5@3');
  expect(removeKey(two, 1)).toBe('sad');
  expect(removeKey(two, 0)).toBe(two);
});

test('what is heard from the start on is no setting at all', () => {
  expect(changeKey('happy', 0, { emotion: 'heard' })).toBe('');
  expect(emotionKeys('happy@2').map(({ emotion }) => emotion)).toEqual(['heard', 'happy']);
});
