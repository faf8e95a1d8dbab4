/**
 * The values, once it is known that all are finite. NaN and infinity pass through every kernel (docs/accuracy.md), so
 * what a stage of the model gives tells whether anything in it went wrong.
 *
 * @param what the stage and its result, for the message.
 * @throws Error naming it, the first element at fault and its value.
 */
export function expectFinite<T extends Float32Array>(what: string, values: T): T {
  const i = values.findIndex((value) => !Number.isFinite(value));
  if (i >= 0) throw new Error(`${what} is not finite: element ${i} is ${values[i]}`);
  return values;
}
