import { joinArrays } from '../runtime/join.js';
import { guidance } from '../ops/guidance.js';
import type { HostTensor } from '../runtime/evaluate.js';
import type { Gpu } from '../runtime/gpu.js';
import type { Plan } from '../runtime/plan.js';
import { compilePlan, destroyPlan, outputTensor, readOutputs, runPlan, writeInput } from '../runtime/plan.js';
import type { KernelTime } from '../runtime/profile.js';
import { profilePlan } from '../runtime/profile.js';
import type { ReadBack } from '../runtime/read-back.js';
import { closeReadBack, floatsOf, openReadBack, readBack } from '../runtime/read-back.js';
import type { Recorder } from '../runtime/recorder.js';
import { input, output } from '../runtime/recorder.js';
import { needsGuidance } from '../sampling/guidance.js';
import type { VectorField } from '../sampling/solvers.js';
import type { FloatConfig } from '../weights/config.js';
import { windowFrames } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import type { FlowTransformerWeights } from './fmt-layers.js';
import { loadFlowTransformer, recordFlowTransformer } from './fmt-layers.js';
import { freeParameters, openParameters } from './parameters.js';
import { timeEmbedding, timeEmbeddingSize } from './time-embedding.js';

export { attentionMask } from './fmt-layers.js';

/** What the vector field of one window depends on. L frames are its own, P come before; vectors have d elements. */
export interface WindowConditions {
  /** Audio features `[L, d]`. */
  readonly wa: Float32Array;
  /** Source motion r_s `[d]`. */
  readonly wr: Float32Array;
  /** Emotion probabilities `[7]`, or `[P + L, 7]`, a row for each of the preceding and the window's own frames. */
  readonly we: Float32Array;
  /** Motion `[P, d]` and audio features `[P, d]` of the preceding frames; zeros before the first window. */
  readonly prevX: Float32Array;
  readonly prevWa: Float32Array;
}

/** How strongly the motion follows its conditions: γ_a the speech, γ_e the emotion; 1 and 1 is no guidance. */
export interface GuidanceScales {
  readonly audio: number;
  readonly emotion: number;
}

/** The vector field of motion, v(t, x) (Sec. 6 of docs/model.md): the `fmt` of a checkpoint. */
export interface FlowTransformer {
  /**
   * The field on one window's motion: x `[L, d]` → v `[L, d]`. The conditions go to the GPU once, then t and x alone.
   *
   * @throws RangeError when a condition has a wrong length.
   */
  field(conditions: WindowConditions, scales: GuidanceScales): VectorField;
  /** One evaluation at a time, for looking inside: guided or not, with inner tensors kept (`taps`). */
  evaluator(options: EvaluatorOptions): Promise<FieldEvaluator>;
  /** Frees the weights and the evaluators. */
  destroy(): void;
}

export interface EvaluatorOptions {
  /** Whether to evaluate u, a and all as a batch of 3 and combine them, or `all` alone. */
  readonly guided: boolean;
  /** Inner tensors to keep, by checkpoint name; `true` keeps all. With `guided` they have a batch of 3. */
  readonly taps?: readonly string[] | true;
}

export interface FieldEvaluator {
  /**
   * v at (t, x).
   *
   * @param scales of no effect unless guided.
   * @returns `[P + L, d]`, the rows of the preceding frames first; they are of no use.
   */
  evaluate(
    at: WindowConditions & { readonly t: number; readonly x: Float32Array },
    scales?: GuidanceScales,
  ): Promise<Float32Array<ArrayBuffer>>;
  /** The inner tensors of the last evaluation, by checkpoint name: those of the names given, or all that were kept. */
  readTaps(names?: readonly string[]): Promise<Map<string, HostTensor>>;
  /** Evaluates once more where the last evaluation was, and times each launch. @throws as `profilePlan`. */
  profile(): Promise<KernelTime[]>;
  destroy(): void;
}

/** @throws Error when a weight is missing or the GPU fails. */
export async function createFlowTransformer(
  gpu: Gpu,
  source: WeightSource,
  config: FloatConfig,
): Promise<FlowTransformer> {
  const parameters = openParameters(gpu, source);
  const plans = new Set<FieldPlan>();
  const release = (field: FieldPlan) => {
    if (!plans.delete(field)) return;
    destroyPlan(field.plan);
    closeReadBack(field.reader);
  };
  const free = () => {
    plans.forEach(release);
    freeParameters(parameters);
  };
  try {
    const weights = await loadFlowTransformer(parameters, config);
    const planOf = async (options: EvaluatorOptions) => {
      const plan = await compileField(gpu, weights, options);
      plans.add(plan);
      return plan;
    };
    return {
      field: createFields(config, planOf),
      evaluator: async (options) => createEvaluator(config, await planOf(options), options.guided, release),
      destroy: free,
    };
  } catch (error) {
    free();
    throw error;
  }
}

/** Fields share one plan guided and one not, each compiled when first needed. */
function createFields(config: FloatConfig, planOf: (options: EvaluatorOptions) => Promise<FieldPlan>) {
  const start = config.num_prev_frames * config.dim_w;
  const plans = new Map<boolean, Promise<FieldPlan>>();
  /** Whose conditions a plan holds. */
  const holder = new Map<FieldPlan, WindowConditions>();

  return (conditions: WindowConditions, scales: GuidanceScales): VectorField => {
    const own = checkConditions(config, conditions);
    const guided = needsGuidance(scales.audio, scales.emotion);
    return async (t, x) => {
      let plan = plans.get(guided);
      if (!plan) plans.set(guided, (plan = planOf({ guided })));
      const ready = await plan;
      const prepare = () => {
        if (holder.get(ready) === own) return;
        writeConditions(ready.plan, own, guided, scales);
        holder.set(ready, own);
      };
      return (await evaluateAt(ready, t, x, prepare)).subarray(start);
    };
  };
}

function createEvaluator(
  config: FloatConfig,
  field: FieldPlan,
  guided: boolean,
  release: (field: FieldPlan) => void,
): FieldEvaluator {
  const { plan } = field;
  return {
    evaluate: async ({ t, x, ...conditions }, scales = { audio: 1, emotion: 1 }) => {
      const own = checkConditions(config, conditions);
      return evaluateAt(field, t, x, () => writeConditions(plan, own, guided, scales));
    },
    async readTaps(names = [...plan.outputs.keys()].filter((name) => name !== 'v')) {
      const data = await readOutputs(plan, names);
      const taps = new Map<string, HostTensor>();
      for (const name of names) taps.set(name, { shape: outputTensor(plan, name).shape, data: data[name]! });
      return taps;
    },
    profile: () => profilePlan(plan),
    destroy: () => release(field),
  };
}

/** A plan that evaluates the field, and what its result v is read through. */
interface FieldPlan {
  readonly plan: Plan;
  readonly reader: ReadBack;
}

async function compileField(
  gpu: Gpu,
  weights: FlowTransformerWeights,
  { guided, taps = [] }: EvaluatorOptions,
): Promise<FieldPlan> {
  const { num_prev_frames: P, dim_w: d, dim_e: e } = weights.config;
  const L = windowFrames(weights.config);
  const record = (rec: Recorder) => {
    const fields = recordFlowTransformer(rec, weights, {
      time: input(rec, 'time', [1, timeEmbeddingSize]),
      prevX: input(rec, 'prevX', [1, P, d]),
      x: input(rec, 'x', [1, L, d]),
      condition: input(rec, 'condition', [guided ? 3 : 1, P + L, 2 * d + e]),
    });
    output(rec, 'v', guided ? guidance(rec, fields, input(rec, 'scales', [2])) : fields);
  };
  const plan = await compilePlan(gpu, guided ? 'guided field' : 'field', record, { taps });
  return { plan, reader: openReadBack(gpu, plan.label, [outputTensor(plan, 'v')], { slots: 1 }) };
}

/** Writes what does not change within a window. */
function writeConditions(
  plan: Plan,
  conditions: WindowConditions,
  guided: boolean,
  { audio, emotion }: GuidanceScales,
): void {
  const all = conditions;
  const a = { ...all, we: new Float32Array(all.we.length) };
  const u = { ...a, wa: new Float32Array(all.wa.length) };
  writeInput(plan, 'condition', joinArrays((guided ? [u, a, all] : [all]).flatMap(conditionOfFrames)));
  writeInput(plan, 'prevX', Float32Array.from(conditions.prevX));
  if (guided) writeInput(plan, 'scales', Float32Array.of(audio, emotion));
}

/** wr, wa, we of each of the N frames, in this order; we is `[N, 7]`. */
function conditionOfFrames({ wa, wr, we, prevWa }: WindowConditions): Float32Array[] {
  const frames = (features: Float32Array) =>
    Array.from({ length: features.length / wr.length }, (_, i) =>
      features.subarray(i * wr.length, (i + 1) * wr.length),
    );
  const audio = [...frames(prevWa), ...frames(wa)];
  const e = we.length / audio.length;
  return audio.flatMap((frame, i) => [wr, frame, we.subarray(i * e, (i + 1) * e)]);
}

/**
 * The field at (t, x), `[N, d]`.
 *
 * @param prepare writes the conditions, if the plan does not hold them yet.
 */
function evaluateAt(
  { plan, reader }: FieldPlan,
  t: number,
  x: Float32Array,
  prepare: () => void,
): Promise<Float32Array<ArrayBuffer>> {
  const own = Float32Array.from(x);
  const submit = () => {
    prepare();
    writeInput(plan, 'time', timeEmbedding(t));
    writeInput(plan, 'x', own);
    runPlan(plan);
  };
  return readBack(reader, submit, (v) => floatsOf(v, outputTensor(plan, 'v')));
}

/** The conditions with a row of we for each frame. @throws RangeError naming the one of a wrong length. */
function checkConditions(config: FloatConfig, conditions: WindowConditions): WindowConditions {
  const { num_prev_frames: P, dim_w: d, dim_e: e } = config;
  const L = windowFrames(config);
  const { we } = conditions;
  const perFrame = we.length === e ? joinArrays(Array.from({ length: P + L }, () => we)) : we;
  const own = { ...conditions, we: perFrame };
  const lengths = { wa: L * d, wr: d, we: (P + L) * e, prevX: P * d, prevWa: P * d };
  for (const name of Object.keys(lengths) as (keyof WindowConditions)[]) {
    if (own[name].length !== lengths[name]) {
      throw new RangeError(`${name}: expected ${lengths[name]} values, got ${own[name].length}`);
    }
  }
  return own;
}
