import { useLayoutEffect, useState } from 'preact/hooks';

interface Sweep {
  readonly of: number;
  readonly range: readonly [number, number];
  readonly from: number;
}

/** Moves one coefficient to and fro until it is stopped; then it is what it was. */
export function useSweep(onValue: (index: number, value: number) => void) {
  const [sweep, setSweep] = useState<Sweep>();
  // Before the next animation frame: a step after the stop would undo it.
  useLayoutEffect(() => {
    if (!sweep) return;
    const started = performance.now();
    const step = () => {
      onValue(sweep.of, sweepAt(sweep.range, sweep.from, (performance.now() - started) / 1000));
      frame = requestAnimationFrame(step);
    };
    let frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [sweep]);
  return {
    of: sweep?.of,
    /** Leaves the coefficient where it is. */
    stop: () => setSweep(undefined),
    toggle: (of: number, range: readonly [number, number], from: number) => {
      if (sweep) onValue(sweep.of, sweep.from);
      setSweep(sweep?.of === of ? undefined : { of, range, from });
    },
  };
}

/** A sine within the range, from where the coefficient is, once in four seconds. */
export function sweepAt([least, most]: readonly [number, number], from: number, seconds: number): number {
  const [middle, reach] = [(least + most) / 2, (most - least) / 2];
  const phase = Math.asin(Math.min(1, Math.max(-1, (from - middle) / reach)));
  return middle + reach * Math.sin(phase + (Math.PI / 2) * seconds);
}
