import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { dormandPrince } from '../../src/sampling/dopri5.js';
import { euler, heun, midpoint, rk4 } from '../../src/sampling/runge-kutta.js';
import { integrate, parseSolver, type SolverName, type VectorField } from '../../src/sampling/solvers.js';

const field =
  (f: (t: number, x: Float32Array) => number[]): VectorField =>
  (t, x) =>
    Promise.resolve(Float32Array.from(f(t, x)));

/** One turn round the circle with an uneven speed: x(1) = x(0), and both t and x matter. */
const turn = field((t, x) => {
  const speed = 2 * Math.PI * (1 + Math.cos(2 * Math.PI * t) / 2);
  return [-speed * x[1]!, speed * x[0]!];
});

async function turnError(solver: SolverName, nfe: number): Promise<number> {
  const { x } = await integrate(turn, new Float32Array([1, 0]), { solver, nfe });
  return Math.hypot(x[0]! - 1, x[1]!);
}

/** ½ + ∫ (n + 1) tⁿ dt over 0…1 = 1½, in two fixed steps or in dopri5's few long ones. */
async function integratePower(n: number, solver: SolverName): Promise<number> {
  const power = field((t) => [(n + 1) * t ** n]);
  const options = { solver, nfe: 3, rtol: 1e-2, atol: 1e-2 };
  return (await integrate(power, new Float32Array([0.5]), options)).x[0]!;
}

describe('Butcher tableaux', () => {
  it.each(Object.entries({ euler, midpoint, heun, rk4, dormandPrince }))(
    '%s: Σ_j a_ij = c_i and Σ b_i = 1',
    (_, { a, b, c }) => {
      const sum = (values: readonly number[]) => values.reduce((s, v) => s + v, 0);
      a.forEach((row, i) => {
        expect(row.length).toBe(i);
        expect(sum(row)).toBeCloseTo(c[i]!, 14);
      });
      expect(sum(b)).toBeCloseTo(1, 14);
    },
  );
});

describe('integrate on a fixed grid', () => {
  it.each([
    ['euler', 1, 1, 512],
    ['midpoint', 2, 2, 64],
    ['heun', 2, 2, 64],
    ['rk4', 4, 4, 32],
  ] as const)('%s is of order %d with %d evaluations a step', async (solver, order, stages, steps) => {
    const coarse = await turnError(solver, steps + 1);
    const fine = await turnError(solver, 2 * steps + 1);
    expect(Math.abs(Math.log2(coarse / fine) - order)).toBeLessThan(0.2);
    const { evaluations, steps: taken } = await integrate(turn, new Float32Array([1, 0]), {
      solver,
      nfe: 10,
    });
    expect({ evaluations, taken }).toEqual({ evaluations: 9 * stages, taken: 9 });
  });

  it.each([
    ['euler', 0],
    ['midpoint', 1],
    ['heun', 1],
    ['rk4', 3],
  ] as const)('%s integrates t^%d exactly, not the next power', async (solver, degree) => {
    for (let n = 0; n <= degree; n++) expect(await integratePower(n, solver)).toBeCloseTo(1.5, 6);
    expect(Math.abs((await integratePower(degree + 1, solver)) - 1.5)).toBeGreaterThan(1e-3);
  });

  it('evaluates on the points of linspace(0, 1, nfe)', async () => {
    const times: number[] = [];
    await integrate(turn, new Float32Array([1, 0]), {
      solver: 'euler',
      nfe: 5,
      onEvaluation: (t, index) => {
        expect(index).toBe(times.length);
        times.push(t);
      },
    });
    expect(times).toEqual([0, 0.25, 0.5, 0.75]);
  });

  it('leaves x0 alone', async () => {
    const x0 = new Float32Array([1, 0]);
    await integrate(turn, x0, { solver: 'rk4', nfe: 4 });
    expect([...x0]).toEqual([1, 0]);
  });

  it('copies the field’s result, so that a field may reuse its buffer', async () => {
    const buffer = new Float32Array(2);
    const reusing: VectorField = async (t, x) => {
      buffer.set(await turn(t, x));
      return buffer;
    };
    const options = { solver: 'rk4', nfe: 5 } as const;
    const fresh = await integrate(turn, new Float32Array([1, 0]), options);
    expect((await integrate(reusing, new Float32Array([1, 0]), options)).x).toEqual(fresh.x);
  });
});

describe('dopri5', () => {
  const solve = (
    f: VectorField,
    x0: number[],
    options: { rtol?: number; atol?: number; maxSteps?: number } = {},
  ) => integrate(f, new Float32Array(x0), { solver: 'dopri5', nfe: 2, ...options });

  it('keeps within its tolerance, with more steps for less of it', async () => {
    let steps = 0;
    for (const tolerance of [1e-2, 1e-3, 1e-4, 1e-5]) {
      const solution = await solve(turn, [1, 0], { rtol: tolerance, atol: tolerance });
      expect(Math.hypot(solution.x[0]! - 1, solution.x[1]!)).toBeLessThan(10 * tolerance);
      expect(solution.steps).toBeGreaterThan(steps);
      steps = solution.steps;
    }
  });

  it('integrates powers up to t³ exactly, the last step interpolated by a quartic', async () => {
    for (let n = 0; n <= 3; n++) expect(await integratePower(n, 'dopri5')).toBeCloseTo(1.5, 6);
  });

  it('counts two evaluations to begin with and six a step, taken or rejected', async () => {
    const spike = field((t) => [1 / (1e-4 + (t - 0.5) ** 2)]);
    const { x, evaluations, steps, rejected } = await solve(spike, [0]);
    expect(rejected).toBeGreaterThan(0);
    expect(evaluations).toBe(2 + 6 * (steps + rejected));
    expect(x[0]! / (200 * Math.atan(50))).toBeCloseTo(1, 4);
  });

  /** The steps tried, t → t + h, from the times of the evaluations: two to begin with, then six a step at t + cᵢ·h. */
  async function stepsOf(f: VectorField, x0: number[]): Promise<{ t: number; h: number }[]> {
    const times: number[] = [];
    const options = { solver: 'dopri5', nfe: 2, onEvaluation: (t: number) => times.push(t) } as const;
    await integrate(f, new Float32Array(x0), options);
    return times.slice(2).flatMap((second, i, after) => {
      if (i % 6 !== 0) return [];
      const h = (after[i + 5]! - second) / (1 - 1 / 5);
      return [{ t: after[i + 5]! - h, h }];
    });
  }

  it('takes Hairer’s guess as its first step', async () => {
    // x′ = x from 1, in tolerances 2e-5: d₀ = d₁ = 5e4; h₀ = 0.01, d₂ = 5e4, h₁ = (0.01/5e4)^⅕.
    const [first] = await stepsOf(
      field((_, x) => [x[0]!]),
      [1],
    );
    expect(first!.h).toBeCloseTo((0.01 / 5e4) ** (1 / 5), 5);
  });

  it('never shortens a step after success, nor by more than to a fifth after failure', async () => {
    const spike = field((t) => [1 / (1e-4 + (t - 0.5) ** 2)]);
    const tried = await stepsOf(spike, [0]);
    const counts = { same: 0, longer: 0, shorter: 0 };
    tried.slice(1).forEach(({ t, h }, i) => {
      const before = tried[i]!;
      const accepted = t > before.t + before.h / 2;
      const factor = h / before.h;
      expect(factor).toBeGreaterThan(accepted ? 0.999999 : 0.199999);
      expect(factor).toBeLessThan(accepted ? 10.00001 : 1);
      counts[!accepted ? 'shorter' : factor < 1.000001 ? 'same' : 'longer']++;
    });
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });

  it('grows its steps tenfold from 1e-6 where nothing moves', async () => {
    const { x, steps, rejected } = await solve(
      field(() => [0, 0]),
      [0, 2],
    );
    expect([...x]).toEqual([0, 2]);
    expect({ steps, rejected }).toEqual({ steps: 7, rejected: 0 });
  });

  it('gives up on a stiff field, naming t', async () => {
    const stiff = field((t, x) => [-1e6 * (x[0]! - Math.cos(t))]);
    await expect(solve(stiff, [0], { maxSteps: 50 })).rejects.toThrow(/50 steps, stopped at t = \d/);
  });
});

describe('what integrate refuses', () => {
  const x0 = new Float32Array([1, 0]);

  it.each(['euler', 'rk4', 'dopri5'] as const)('%s: a field that is not finite, naming t', async (solver) => {
    const broken = field((t) => [1, t > 0.5 ? NaN : 1]);
    await expect(integrate(broken, x0, { solver, nfe: 5 })).rejects.toThrow(
      /vector field at t = (0\.[5-9]|1).* is not finite: element 1 is NaN/,
    );
  });

  it('a state that overflows float32, naming t', async () => {
    const growing = field((_, x) => [x[0]!, 0]);
    const large = new Float32Array([3e38, 0]);
    await expect(integrate(growing, large, { solver: 'euler', nfe: 5 })).rejects.toThrow(
      'state at t = 0.25 is not finite: element 0 is Infinity',
    );
  });

  it('a field of another length', async () => {
    const short = field(() => [1]);
    await expect(integrate(short, x0, { solver: 'euler', nfe: 2 })).rejects.toThrow(
      'has 1 values, the state 2',
    );
  });

  it('names that torchdiffeq has and we have not; heun2 is our heun', () => {
    expect(['euler', 'midpoint', 'heun', 'heun2', 'rk4', 'dopri5'].map(parseSolver)).toEqual([
      'euler',
      'midpoint',
      'heun',
      'heun',
      'rk4',
      'dopri5',
    ]);
    for (const name of ['heun3', 'bosh3', 'adaptive_heun', 'toString', '']) {
      expect(() => parseSolver(name)).toThrow(/^solver: expected one of euler, .* or heun2 \(= heun\), got/);
    }
  });

  it('options out of range', async () => {
    const refused = (options: object) =>
      expect(integrate(turn, x0, { solver: 'euler', nfe: 2, ...options })).rejects.toThrow(InputError);
    await refused({ nfe: 1 });
    await refused({ nfe: 2.5 });
    await refused({ solver: 'heun2' });
    await refused({ solver: 'dopri5', rtol: 0 });
    await refused({ solver: 'dopri5', atol: NaN });
  });

  it.each(['euler', 'dopri5'] as const)('%s: to go on once aborted', async (solver) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let calls = 0;
    const counted: VectorField = (t, x) => {
      if (++calls === 3) controller.abort(reason);
      return turn(t, x);
    };
    await expect(integrate(counted, x0, { solver, nfe: 10, signal: controller.signal })).rejects.toBe(reason);
    expect(calls).toBe(3);
  });
});
