import { InputError } from '../base/errors.js';

/** Whether all values are finite: 0 · v is 0 for those that are, and NaN for the others. No branch a value. */
export function allFinite(values: Float32Array): boolean {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += 0 * values[i]!;
    b += 0 * values[i + 1]!;
    c += 0 * values[i + 2]!;
    d += 0 * values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += 0 * values[i]!;
  return a + b + c + d === 0;
}

/**
 * The values, once they are known to be finite: one NaN among the weights and every frame is NaN.
 *
 * @param what names file and tensor in messages.
 * @throws InputError naming the first element that is not.
 */
export function finite(values: Float32Array<ArrayBuffer>, what: string): Float32Array<ArrayBuffer> {
  if (allFinite(values)) return values;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw new InputError(
    `${what}: element ${at} is ${values[at]}, expected finite numbers`,
  );
}
