import { madeBy } from '../node/made-by.js';
import { writeSafetensorsFile } from '../node/safetensors-file.js';
import { openWeights } from '../node/weights.js';
import type { FloatType } from '../weights/encode.js';
import { quote } from '../weights/json.js';
import { checkpointLayout } from '../weights/stream.js';
import { checkClaims, outputPath } from './claims.js';
import { byteStatus, createProgress } from './progress.js';

export interface ConvertFlags {
  out: string;
  dtype: 'f32' | 'f16' | 'bf16';
  config?: string;
  quiet?: boolean;
}

export async function runConvert(paths: string[], flags: ConvertFlags, signal: AbortSignal): Promise<void> {
  await checkClaims({
    inputs: { '--config': flags.config },
    weights: { input: paths },
    outputs: { '--out': [flags.out, '.safetensors'] },
    quiet: flags.quiet,
  });
  const progress = createProgress(flags.quiet === true);
  const opened = await openWeights(paths, {
    ...(flags.config !== undefined && { configPath: flags.config }),
    without: [outputPath(flags.out)],
  });
  try {
    const layout = checkpointLayout(opened, flags.dtype.toUpperCase() as FloatType);
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    const size = await writeSafetensorsFile(outputPath(flags.out), opened.weights, {
      ...layout,
      metadata: { ...madeBy, ...layout.metadata },
      onBytes: (done, total) => progress.status(...byteStatus(done, total, seconds())),
      signal,
      onWait: () => progress.status(`waiting for a reader of ${flags.out} …`),
    });
    progress.end();
    progress.note(
      `${flags.out}: ${layout.names.length} tensors, ${(size / 1e6).toFixed(1)} MB in ${seconds().toFixed(1)} s`,
    );
    opened.notes.forEach(progress.note);
    if (opened.leftOut.length > 0) progress.note(leftOutLine(opened.leftOut));
  } finally {
    progress.end();
    await opened.close();
  }
}

const shownNames = 3;

function leftOutLine(names: readonly string[]): string {
  const shown = names.slice(0, shownNames).map(quote).join(', ');
  const tensors = names.length === 1 ? '1 tensor' : `${names.length} tensors`;
  return `left out ${tensors} that the model does not use: ${shown}${names.length > shownNames ? ', …' : ''}`;
}
