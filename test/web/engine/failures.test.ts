import { describe, expect, it } from 'vitest';
import { NoVideoEncoderError, NoWebGpuError } from '../../../src/browser/errors.js';
import { InputError, OutOfMemoryError } from '../../../src/base/errors.js';
import { Failure, toFailure } from '../../../web/src/engine/failures.js';

const kind = (error: unknown, lost = false) => toFailure(error, lost).name;

describe('toFailure', () => {
  it('knows the errors of the library', () => {
    expect(kind(new InputError('a.png: not a PNG'))).toBe('Input');
    expect(kind(new NoWebGpuError('Firefox 120 has no WebGPU'))).toBe('NoWebGpu');
    expect(kind(new NoVideoEncoderError('no H.264'))).toBe('NoVideoEncoder');
    expect(kind(new OutOfMemoryError('conv needs 9 MiB'))).toBe('OutOfMemory');
    expect(toFailure(new InputError('a.png: not a PNG'), false).message).toBe('a.png: not a PNG');
  });

  it('knows what browsers say when memory or the disk is short', () => {
    expect(kind(new RangeError('Array buffer allocation failed'))).toBe('OutOfMemory');
    expect(kind(new RangeError('Invalid array length'))).toBe('OutOfMemory');
    expect(kind(new RangeError('wa: expected 512 values, got 3'))).toBe('Unexpected');
    expect(kind(new DOMException('no space', 'QuotaExceededError'))).toBe('Input');
  });

  it('blames a lost device for what fails meanwhile, but not for a wrong file', () => {
    expect(kind(new DOMException('unmapped', 'AbortError'), true)).toBe('DeviceLost');
    expect(kind(new OutOfMemoryError('x needs 1 MiB'), true)).toBe('DeviceLost');
    expect(kind(new InputError('a.wav: holds no samples'), true)).toBe('Input');
  });

  it('passes failures on and takes anything', () => {
    const failure = new Failure('Cancelled', 'stopped');
    expect(toFailure(failure, true)).toBe(failure);
    expect(toFailure('what', false)).toMatchObject({ name: 'Unexpected', message: 'what' });
  });
});
