/**
 * Runs the steps, the last one first; one that fails keeps none of the others from it, and hides no error that led
 * here.
 */
export async function undoAll(steps: readonly (() => unknown)[]): Promise<void> {
  for (const step of [...steps].reverse()) {
    try {
      await step();
    } catch {
      // What a step leaves behind, `atExit` puts away.
    }
  }
}
