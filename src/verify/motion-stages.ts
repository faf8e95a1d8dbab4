import { InputError } from '../base/errors.js';
import { emotions, oneHot } from '../models/speech/emotions.js';
import type { FlowTransformer, WindowConditions } from '../models/transformer/fmt.js';
import { attentionMask } from '../models/transformer/attention-mask.js';
import { createFlowTransformer } from '../models/transformer/fmt.js';
import type { HostTensor } from '../runtime/evaluate.js';
import { parseSolver } from '../sampling/solvers.js';
import { sampleMotion } from '../sampling/windows.js';
import { windowFrames } from '../weights/config.js';
import type { GoldenStage } from './golden-set.js';
import type { StageContext, StageResult } from './stage.js';

/** One evaluation of the vector field with its inner tensors, and the guided ones (`guided.aγ.eγ`). */
export async function verifyFmt(context: StageContext, stage: GoldenStage): Promise<StageResult> {
  return withTransformer(context, async (transformer) => {
    const { config } = context.float.model;
    const at: WindowConditions & { t: number; x: Float32Array } = {
      t: (await stage.read('in.t'))[0] ?? NaN,
      x: await stage.read('in.x'),
      wa: await stage.read('in.wa'),
      wr: await stage.read('in.wr'),
      we: await stage.read('in.we'),
      prevX: await stage.read('in.prev_x'),
      prevWa: await stage.read('in.prev_wa'),
    };
    const plain = await transformer.evaluator({ guided: false, taps: true });
    const out = await plain.evaluate(at);
    const tensors = new Map<string, HostTensor | Float32Array>(await plain.readTaps());
    tensors.set('out', out);
    tensors.set('mask', await attentionMask(context.float.gpu, config));
    plain.destroy();

    const guided = await transformer.evaluator({ guided: true });
    for (const name of stage.tensors.keys()) {
      const match = /^guided\.a([\d.]+)\.e([\d.]+)$/.exec(name);
      if (!match) continue;
      context.onStatus(`fmt ${name} …`);
      const scales = { audio: Number(match[1]), emotion: Number(match[2]) };
      tensors.set(name, await guided.evaluate(at, scales));
    }
    return { tensors };
  });
}

/** Every run the set stores: noise → motion of the whole clip. */
export async function verifySample(context: StageContext, stage: GoldenStage): Promise<StageResult> {
  const { config } = context.float.model;
  const rS = await stage.read('in.r_s');
  const wa = await stage.read('in.wa');
  const heard = await stage.read('in.we');
  const noise = await Promise.all(
    [...stage.tensors.keys()]
      .filter((name) => name.startsWith('in.x0.'))
      .map((_, window) => stage.read(`in.x0.${window}`)),
  );
  return withTransformer(context, async (transformer) => {
    const tensors = new Map<string, Float32Array>();
    for (const name of stage.runs) {
      context.onStatus(`sample ${name} …`);
      const { solver, nfe, we, scales } = parseRun(name, heard, stage.file);
      const motion = new Float32Array(stage.frames * config.dim_w);
      let at = 0;
      const windows = sampleMotion({
        solver,
        nfe,
        frames: stage.frames,
        windowFrames: windowFrames(config),
        precedingFrames: config.num_prev_frames,
        width: config.dim_w,
        wa,
        noise: (window) => noise[window] ?? new Float32Array(),
        makeField: (window) => transformer.field({ ...window, wr: rS, we }, scales),
      });
      for await (const window of windows) {
        motion.set(window, at);
        at += window.length;
      }
      tensors.set(name, motion);
    }
    return { tensors };
  });
}

/** `SOLVER.nNFE.EMOTION.aγ.eγ`, where the emotion is a name or S2E, as heard; torchdiffeq's heun2 is our heun. */
function parseRun(name: string, heard: Float32Array, file: string) {
  const [, method, nfe, expression, audio, emotion] =
    /^(\w+)\.n(\d+)\.(\w+)\.a([\d.]+)\.e([\d.]+)$/.exec(name) ?? [];
  const shown = emotions.find((known) => known === expression);
  if (method === undefined || (!shown && expression !== 'S2E')) {
    throw new InputError(`${file}: runs: expected SOLVER.nNFE.EMOTION.aγ.eγ, got "${name}"`);
  }
  return {
    solver: parseSolver(method),
    nfe: Number(nfe),
    we: shown ? oneHot(shown) : heard,
    scales: { audio: Number(audio), emotion: Number(emotion) },
  };
}

async function withTransformer<T>(
  { float }: StageContext,
  use: (transformer: FlowTransformer) => Promise<T>,
): Promise<T> {
  const transformer = await createFlowTransformer(
    float.gpu,
    float.weights,
    float.model.config,
    float.precision,
  );
  try {
    return await use(transformer);
  } finally {
    transformer.destroy();
  }
}
