import { joinArrays } from '../../base/arrays.js';
import { guidance } from '../../ops/guidance.js';
import type { HostTensor } from '../../runtime/evaluate.js';
import type { Gpu } from '../../runtime/gpu.js';
import type { Plan } from '../../runtime/plan.js';
import { compilePlan, outputTensor, readOutputs, runPlan, writeInput } from '../../runtime/plan.js';
import type { KernelTime } from '../../runtime/profile.js';
import { profilePlan } from '../../runtime/profile.js';
import type { ReadBack } from '../../runtime/read-back.js';
import { floatsOf, openReadBack, readBack } from '../../runtime/read-back.js';
import type { Recorder } from '../../runtime/recorder.js';
import { input, output } from '../../runtime/recorder.js';
import type { Scope } from '../../runtime/scope.js';
import { building, closeScope } from '../../runtime/scope.js';
import type { Precision } from '../../runtime/tensor.js';
import { needsGuidance } from '../../ops/guidance.js';
import type { VectorField } from '../../sampling/solvers.js';
import type { FloatConfig } from '../../weights/config.js';
import { windowFrames } from '../../weights/config.js';
import type { WeightSource } from '../../weights/source.js';
import type { WindowConditions } from './fmt-conditions.js';
import { checkConditions, conditionCount, conditionRows, rowsOfFrames } from './fmt-conditions.js';
import type { FlowTransformerWeights } from './fmt-layers.js';
import { embedConditions, loadFlowTransformer, recordFlowTransformer } from './fmt-layers.js';
import { openParameters } from '../parameters.js';
import { timeEmbedding, timeEmbeddingSize } from './time-embedding.js';

export type { WindowConditions } from './fmt-conditions.js';

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
export function createFlowTransformer(
  gpu: Gpu,
  source: WeightSource,
  config: FloatConfig,
  precision?: Precision,
): Promise<FlowTransformer> {
  return building(async (scope) => {
    const weights = await loadFlowTransformer(openParameters(scope, gpu, source, precision), config);
    const planOf = (options: EvaluatorOptions) =>
      building((inner) => compileField(inner, gpu, weights, options), scope);
    return {
      field: createFields(config, planOf),
      evaluator: async (options) => createEvaluator(config, await planOf(options)),
      destroy: () => closeScope(scope),
    };
  });
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
      if (!plan) {
        plans.set(guided, (plan = planOf({ guided })));
        // Who asks again after a failure shall have another try.
        plan.catch(() => plans.delete(guided));
      }
      const ready = await plan;
      const prepare = () => {
        if (holder.get(ready) === own) return;
        writeConditions(ready, own, scales);
        holder.set(ready, own);
      };
      return (await evaluateAt(ready, own, t, x, prepare)).subarray(start);
    };
  };
}

function createEvaluator(config: FloatConfig, field: FieldPlan): FieldEvaluator {
  const { plan } = field;
  return {
    evaluate: async ({ t, x, ...conditions }, scales = { audio: 1, emotion: 1 }) => {
      const own = checkConditions(config, conditions);
      return evaluateAt(field, own, t, x, () => writeConditions(field, own, scales));
    },
    async readTaps(names = [...plan.outputs.keys()].filter((name) => name !== 'v')) {
      const data = await readOutputs(plan, names);
      const taps = new Map<string, HostTensor>();
      for (const name of names) taps.set(name, { shape: outputTensor(plan, name).shape, data: data[name]! });
      return taps;
    },
    profile: () => profilePlan(plan),
    destroy: () => closeScope(field.scope),
  };
}

/**
 * A plan that evaluates the field, one that makes what depends on the conditions alone, and what the result v is read
 * through.
 */
interface FieldPlan {
  readonly scope: Scope;
  readonly guided: boolean;
  readonly plan: Plan;
  readonly conditions: Plan;
  readonly reader: ReadBack;
}

async function compileField(
  scope: Scope,
  gpu: Gpu,
  weights: FlowTransformerWeights,
  { guided, taps = [] }: EvaluatorOptions,
): Promise<FieldPlan> {
  const { config } = weights;
  const { num_prev_frames: P, dim_w: d, dim_e: e } = config;
  const label = guided ? 'guided field' : 'field';
  const recordConditions = (rec: Recorder) => {
    const condition = input(rec, 'condition', [1, conditionCount(config, guided), 2 * d + e]);
    output(rec, 'embedded', embedConditions(rec, weights, condition));
  };
  const within = scope;
  const conditions = await compilePlan(gpu, `conditions of a ${label}`, recordConditions, { within });
  const record = (rec: Recorder) => {
    const fields = recordFlowTransformer(rec, weights, {
      time: input(rec, 'time', [1, timeEmbeddingSize]),
      x: input(rec, 'x', [1, P + windowFrames(config), d]),
      condition: outputTensor(conditions, 'embedded'),
      rows: guided ? rowsOfFrames(config) : undefined,
    });
    output(rec, 'v', guided ? guidance(rec, fields, input(rec, 'scales', [2])) : fields);
  };
  const plan = await compilePlan(gpu, label, record, { taps, within });
  const reader = openReadBack(scope, gpu, plan.label, [outputTensor(plan, 'v')], { slots: 1 });
  return { scope, guided, plan, conditions, reader };
}

/** Computes what does not change within a window. */
function writeConditions(
  { plan, conditions, guided }: FieldPlan,
  own: WindowConditions,
  { audio, emotion }: GuidanceScales,
): void {
  writeInput(conditions, 'condition', conditionRows(own, guided));
  runPlan(conditions);
  if (guided) writeInput(plan, 'scales', Float32Array.of(audio, emotion));
}

/**
 * The field at (t, x), `[N, d]`.
 *
 * @param prepare writes the conditions, if the plan does not hold them yet.
 */
function evaluateAt(
  { plan, reader }: FieldPlan,
  { prevX }: WindowConditions,
  t: number,
  x: Float32Array,
  prepare: () => void,
): Promise<Float32Array<ArrayBuffer>> {
  const own = joinArrays([prevX, x]);
  const submit = () => {
    prepare();
    writeInput(plan, 'time', timeEmbedding(t));
    writeInput(plan, 'x', own);
    runPlan(plan);
  };
  return readBack(reader, submit, (v) => floatsOf(v, outputTensor(plan, 'v')));
}
