import { InputError } from '../base/errors.js';
import { expectFinite } from '../base/finite.js';
import { dopri5 } from './dopri5.js';
import { combine, euler, heun, midpoint, rk4, stages, type Derivative, type Tableau } from './runge-kutta.js';

/**
 * v(t, x): the velocity of every element of x at time t, from 0 to 1 and, as dopri5 runs past the end before it
 * interpolates, somewhat beyond. x belongs to the field; the result is copied before the next call.
 */
export type VectorField = (t: number, x: Float32Array) => Promise<Float32Array>;

export const solverNames = ['euler', 'midpoint', 'heun', 'rk4', 'dopri5'] as const;
export type SolverName = (typeof solverNames)[number];

/**
 * A solver by our name or by torchdiffeq's, whose `heun2` is our `heun`; the other names are the same.
 *
 * @throws InputError for any other name.
 */
export function parseSolver(name: string): SolverName {
  const found = solverNames.find((known) => known === (name === 'heun2' ? 'heun' : name));
  if (!found) {
    throw new InputError(`solver: expected one of ${solverNames.join(', ')} or heun2 (= heun), got ${name}`);
  }
  return found;
}

export interface SolverOptions {
  readonly solver: SolverName;
  /**
   * Points of the time grid linspace(0, 1, nfe), at least 2: nfe − 1 steps (Quirk of Sec. 6 of docs/model.md: 10 is 9
   * Euler evaluations). dopri5 chooses its own steps and takes no notice of it.
   */
  readonly nfe: number;
  /** dopri5: tolerated error of a step, atol + rtol·|x| in root mean square. Default 1e-5. */
  readonly rtol?: number;
  readonly atol?: number;
  /** dopri5: attempted steps before giving up. Default 1000. */
  readonly maxSteps?: number;
  /** Checked before every evaluation; the reason of the abort is thrown. */
  readonly signal?: AbortSignal;
  /** Called before each evaluation with its time and how many came before it in this integration. */
  readonly onEvaluation?: (t: number, index: number) => void;
}

export interface Solution {
  /** x(1), rounded to float32. */
  readonly x: Float32Array;
  readonly evaluations: number;
  readonly steps: number;
  /** Steps dopri5 tried and took back. */
  readonly rejected: number;
}

const fixedGrid: Record<Exclude<SolverName, 'dopri5'>, Tableau> = { euler, midpoint, heun, rk4 };

/**
 * Solves dx/dt = v(t, x) from x0 at t = 0 to t = 1, with the semantics of torchdiffeq's odeint (its `heun2` is `heun`
 * here). The state is float64 between evaluations; the field sees it rounded to float32.
 *
 * @throws InputError for an unknown solver, an nfe below 2 or tolerances that are not positive
 * @throws Error naming t where the state or the field is not finite, or dopri5 gives up
 */
export async function integrate(
  field: VectorField,
  x0: Float32Array,
  options: SolverOptions,
): Promise<Solution> {
  const { solver, nfe, rtol = 1e-5, atol = 1e-5, maxSteps = 1000, signal, onEvaluation } = options;
  checkOptions(solver, nfe, rtol, atol);
  let evaluations = 0;
  const derivative: Derivative = async (t, y) => {
    signal?.throwIfAborted();
    onEvaluation?.(t, evaluations);
    evaluations++;
    const v = await field(t, toFloat32(y, t));
    if (v.length !== y.length) {
      throw new RangeError(`the vector field has ${v.length} values, the state ${y.length}`);
    }
    expectFinite(`the vector field at t = ${t}`, v);
    return Float64Array.from(v);
  };

  const y0 = Float64Array.from(x0);
  if (solver === 'dopri5') {
    const { y, steps, rejected } = await dopri5(derivative, y0, rtol, atol, maxSteps);
    return { x: toFloat32(y, 1), evaluations, steps, rejected };
  }
  const tableau = fixedGrid[solver];
  const steps = nfe - 1;
  let y: Float64Array = y0;
  for (let i = 0; i < steps; i++) {
    const t = i / steps;
    const h = (i + 1) / steps - t;
    y = combine(y, h, tableau.b, await stages(derivative, tableau, t, h, y));
  }
  return { x: toFloat32(y, 1), evaluations, steps, rejected: 0 };
}

function checkOptions(solver: string, nfe: number, rtol: number, atol: number): void {
  if (!solverNames.some((name) => name === solver)) {
    throw new InputError(`solver: expected one of ${solverNames.join(', ')}, got ${solver}`);
  }
  if (!Number.isSafeInteger(nfe) || nfe < 2) {
    throw new InputError(`nfe: expected an integer of at least 2 (nfe points, nfe - 1 steps), got ${nfe}`);
  }
  if (!(rtol > 0 && atol > 0)) {
    throw new InputError(`rtol, atol: expected positive numbers, got ${rtol} and ${atol}`);
  }
}

function toFloat32(y: Float64Array, t: number): Float32Array {
  const x = Float32Array.from(y);
  expectFinite(`the state at t = ${t}`, x);
  return x;
}
