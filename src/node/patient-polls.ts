/**
 * Dawn's binding looks for finished work from `setImmediate`, again and again without a pause while anything is
 * pending. That takes a whole core, and where the processor plays the graphics card it takes it from the computation.
 * Here its first looks come at once, as some answers (errors, mappings of idle buffers) are there immediately, and the
 * others a millisecond apart.
 */

/** Looks in a row before they get rarer: some 0.1 ms. */
const eagerPolls = 20;

type SetImmediate = (callback: (...args: unknown[]) => void, ...args: unknown[]) => unknown;

/**
 * A `setImmediate` that calls native functions which schedule themselves over and over by `later` instead of
 * `immediate`; everybody else's functions are passed on as they are.
 */
export function patientImmediate(
  immediate: SetImmediate,
  later: (callback: () => void) => unknown,
): SetImmediate {
  let polling = false;
  let row = 0;
  return (callback, ...args) => {
    if (!isNative(callback)) return immediate(callback, ...args);
    row = polling ? row + 1 : 0;
    const poll = () => {
      polling = true;
      try {
        callback(...args);
      } finally {
        polling = false;
      }
    };
    return row < eagerPolls ? immediate(poll) : later(poll);
  };
}

/** Whether an addon made it: promises' resolvers and bound functions print alike, but have no prototype. */
function isNative(callback: unknown): boolean {
  return (
    Object.hasOwn(callback as object, 'prototype') && String(callback) === 'function () { [native code] }'
  );
}

let installed = false;

/**
 * Makes Dawn's polling patient for the rest of the process: the binding looks `setImmediate` up each time it schedules
 * itself.
 */
export function pollPatiently(): void {
  if (installed) return;
  installed = true;
  const patient = patientImmediate(setImmediate, (poll) => setTimeout(poll, 1));
  globalThis.setImmediate = Object.assign(patient as typeof setImmediate, setImmediate);
}
