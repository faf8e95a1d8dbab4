import { expect, it } from 'vitest';
import { nameOf } from '../../../web/src/engine/models.js';
import { summarise } from '../../../web/src/engine/speech.js';

it('a recording is summed up by the largest sample of each four hundredth', () => {
  const left = new Float32Array(4000);
  const right = new Float32Array(4000);
  left[10] = -0.5;
  right[10] = 0.25;
  right[3999] = 1.5;
  const { seconds, peaks } = summarise({ sampleRate: 8000, channels: [left, right] });
  expect(seconds).toBe(0.5);
  expect(peaks.length).toBe(400);
  expect([...peaks.keys()].filter((i) => peaks[i] !== 0)).toEqual([1, 399]);
  expect([peaks[1], peaks[399]]).toEqual([0.5, 1]);
});

it('a short recording leaves gaps, none a flat line', () => {
  expect(summarise({ sampleRate: 8000, channels: [Float32Array.of(1, 1)] }).peaks[200]).toBe(1);
  expect(Math.max(...summarise({ sampleRate: 8000, channels: [new Float32Array()] }).peaks)).toBe(0);
});

it('a model is called as its own file is', () => {
  const file = (name: string, size: number) => new File([new Uint8Array(size)], name);
  expect(nameOf([file('config.json', 2), file('model.safetensors', 9), file('float.pth', 5)])).toBe('float');
  expect(nameOf([file('config.json', 2), file('mine.v2.safetensors', 9)])).toBe('mine.v2');
});
