/**
 * What must be undone however the process ends: temporary files, children, the terminal's line. One place knows them
 * all.
 */
const steps = new Set<() => void>();
let listening = false;

/**
 * Has `step` run when the process ends, unless it is taken off before; the last one registered runs first. It must be
 * synchronous: at that moment nothing is awaited any more. What it throws is ignored.
 *
 * @returns takes it off.
 */
export function atExit(step: () => void): () => void {
  if (!listening) process.on('exit', undoNow);
  listening = true;
  // A wrapper of its own: the same function registered twice is two steps.
  const entry = () => step();
  steps.add(entry);
  return () => void steps.delete(entry);
}

/** Runs all steps now, once each. */
export function undoNow(): void {
  for (const step of [...steps].reverse()) {
    steps.delete(step);
    try {
      step();
    } catch {
      // The others must run all the same, and nobody is left to be told.
    }
  }
}
