import { InputError } from '../base/errors.js';
import { checkPrecision } from '../models/precision.js';
import { requestNodeAdapter } from '../node/gpu.js';
import { openGoldenFolder } from '../node/golden-files.js';
import { openWeights } from '../node/weights.js';
import { closeGpu, openGpu } from '../runtime/gpu.js';
import type { Precision } from '../runtime/tensor.js';
import type { Comparison, FrameSimilarity, PictureComparison } from '../verify/compare.js';
import type { GoldenStageName } from '../verify/golden-set.js';
import { goldenStages } from '../verify/golden-set.js';
import { verifyStages } from '../verify/stages.js';
import { printJson, printLines } from './print.js';
import { createProgress } from './progress.js';
import { undoAll } from './undo.js';

export interface VerifyFlags {
  stages?: string;
  weights?: string;
  adapter: string;
  precision: Precision;
  experimental: boolean;
  json?: boolean;
}

export async function runVerify(folder: string, flags: VerifyFlags, signal: AbortSignal): Promise<void> {
  const wanted = parseStages(flags.stages);
  const progress = createProgress(flags.json === true);
  const print = (text: string) => {
    progress.end();
    if (!flags.json) printLines([text]);
  };
  const undo: (() => unknown)[] = [];
  try {
    const files = await openGoldenFolder(folder);
    const opened = await openWeights(flags.weights ?? folder);
    undo.push(() => opened.close());
    const { experimental } = flags;
    const log = progress.note;
    const { adapter } = await requestNodeAdapter({ adapter: flags.adapter, experimental, log });
    const gpu = await openGpu(adapter, { experimental });
    undo.push(() => closeGpu(gpu));
    checkPrecision(gpu, flags.precision);

    const tensors: Comparison[] = [];
    const pictures: (PictureComparison | FrameSimilarity)[] = [];
    print(header);
    const float = { gpu, ...opened, precision: flags.precision };
    for await (const row of verifyStages(float, files, wanted, progress.status)) {
      signal.throwIfAborted();
      if ('torchError' in row) tensors.push(row);
      else pictures.push(row);
      print('torchError' in row ? tensorLine(row) : 'psnr' in row ? frameLine(row) : pictureLine(row));
    }
    if (!tensors.some(({ kind }) => kind === 'computed'))
      throw new InputError(`${folder}: expected a golden set with STAGE.json files`);
    const summary = summarise(tensors, pictures);
    print(summary.line);
    if (flags.json) printJson({ ...summary, tensors, pictures }, 1);
    if (!summary.pass) process.exitCode = 1;
  } finally {
    progress.end();
    await undoAll(undo);
  }
}

function parseStages(list: string | undefined): readonly GoldenStageName[] {
  if (list === undefined) return goldenStages;
  return list.split(',').map((name) => {
    const stage = goldenStages.find((known) => known === name.trim());
    if (!stage) throw new InputError(`--stages: expected some of ${goldenStages.join(', ')}, got ${name}`);
    return stage;
  });
}

const header = 'tensor                                error     PyTorch   allowed   ratio';

function tensorLine({ stage, name, kind, error, torchError, allowed, ratio, pass }: Comparison): string {
  const show = (value: number) => (value === Infinity ? '-' : value.toExponential(2));
  const figures = [error, torchError, allowed].map((value) => show(value).padEnd(9));
  const note = kind === 'given' ? '  (given)' : '';
  return `${`${stage}/${name}`.padEnd(36)}  ${figures.join(' ')} ${ratio.toFixed(2).padStart(5)}  ${pass ? 'pass' : 'FAIL'}${note}`;
}

function pictureLine({ stage, name, worst, share, pass }: PictureComparison): string {
  const percent = (share * 100).toFixed(4);
  return `${`${stage}/${name}`.padEnd(36)}  ${percent} % of bytes differ, by at most ${worst}  ${pass ? 'pass' : 'FAIL'}`;
}

function frameLine({ stage, name, psnr, pass }: FrameSimilarity): string {
  return `${`${stage}/${name}`.padEnd(36)}  ${psnr.toFixed(1)} dB against f32  ${pass ? 'pass' : 'FAIL'}`;
}

function summarise(
  tensors: readonly Comparison[],
  pictures: readonly (PictureComparison | FrameSimilarity)[],
) {
  const failed = [...tensors, ...pictures].filter(({ pass }) => !pass).length;
  const computed = tensors.filter(({ kind }) => kind === 'computed');
  const given = tensors.length - computed.length;
  // What is only stated has no ratio that says much.
  const stated = computed.filter(({ allowed }) => allowed === Infinity);
  const measure = (row: Comparison) => (stated.length > 0 ? row.error : row.ratio);
  const worst = computed.reduce((a, b) => (measure(b) > measure(a) ? b : a));
  const at = `${worst.stage}/${worst.name}`;
  const psnrs = pictures.flatMap((picture) => ('psnr' in picture ? [picture.psnr] : []));
  const frames = psnrs.length > 0 ? `; frames at least ${Math.min(...psnrs).toFixed(1)} dB against f32` : '';
  const failures = failed > 0 ? `; ${failed} FAILED` : '';
  const most =
    stated.length > 0 ? `error ${worst.error.toExponential(2)}` : `ratio ${worst.ratio.toFixed(2)}`;
  const inputs = given > 0 ? ` (and ${given} given, not counted)` : '';
  const line = `verify: ${computed.length} tensors, worst ${most} at ${at}${inputs}${frames}${failures}`;
  return {
    pass: failed === 0,
    line,
    count: computed.length,
    given,
    failed,
    worstRatio: worst.ratio,
    worstError: worst.error,
    worstAt: at,
  };
}
