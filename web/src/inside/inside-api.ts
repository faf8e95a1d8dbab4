import type { SolverName } from 'float-webgpu';

/**
 * Looking inside the last run. The engine recomputes what a panel shows when it is asked for, from the run's motion and
 * the conditions of its windows, which it keeps (7.5 MB a minute at the published sizes); nothing else is stored.
 */
export interface InsideApi {
  /**
   * λ of every frame, `[frames, dim_m]` row-major, of the portrait itself `[dim_m]`, and the directions' names if
   * known.
   */
  coefficients(): Promise<Coefficients>;
  /** Everything of one frame's decoding, at every resolution. */
  frame(index: number): Promise<FrameInside>;
  /**
   * The portrait drawn with motion Σ λ_m v_m for the λ given, `[dim_m]`: RGBA [S, S, 4]. λ = 0 is the identity-only
   * picture.
   */
  draw(lambda: Float32Array<ArrayBuffer>): Promise<Image>;
  /** The ODE of the window that a frame is in, solved again step by step. */
  window(index: number): Promise<WindowInside>;
  /**
   * Time of each launch of one frame's decoding and one evaluation of the field; undefined where the GPU tells no
   * times.
   */
  kernels(): Promise<readonly KernelTimeSummary[] | undefined>;
}

/** RGBA, row-major, 4 bytes a pixel. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

export interface Coefficients {
  readonly frames: number;
  readonly count: number;
  readonly fps: number;
  readonly lambda: Float32Array;
  readonly portrait: Float32Array;
  readonly names: readonly string[];
  /** ‖r − Qλ‖/‖r‖ over all frames: the part of the motion that no direction spans, and that λ leaves out. */
  readonly beyond: number;
}

export interface FrameInside {
  readonly picture: Image;
  readonly levels: readonly {
    /** Side of this level in pixels. */
    readonly side: number;
    /** Where each pixel is fetched from, minus where it is: [side, side, 2], in pixels of the level. */
    readonly flow: Float32Array;
    /** 0 … 1: how much of the warped feature is blended in, [side, side]. */
    readonly mask: Float32Array;
    /** Warped features, the mean over channels of |x|, scaled to 0 … 1, [side, side]; before and after warping. */
    readonly feature: Float32Array;
    readonly warped: Float32Array;
  }[];
}

export interface WindowInside {
  readonly index: number;
  /** First frame of the window, and L; the P preceding frames come before it in the attention's N = P + L. */
  readonly start: number;
  readonly length: number;
  readonly preceding: number;
  /** The run's. Of dopri5, whose steps are its own, what follows is Euler's method on the grid of nfe points. */
  readonly solver: SolverName;
  /** The ODE's times. */
  readonly t: readonly number[];
  /** λ of the state at each time, for each frame of the window: [steps + 1][length, dim_m]. */
  readonly path: readonly Float32Array[];
  /**
   * Norm per frame (root mean square over frames) of u, γ_a(a − u), γ_e(all − a) and their sum v, at the start of each
   * step.
   */
  readonly terms: readonly {
    readonly u: number;
    readonly audio: number;
    readonly emotion: number;
    readonly v: number;
  }[];
  /**
   * Attention probabilities of one block at the last evaluation, under all conditions: [heads][N, N]. Zero outside the
   * band.
   */
  readonly attention: readonly { readonly block: number; readonly heads: readonly Float32Array[] }[];
}

export interface KernelTimeSummary {
  readonly plan: 'decoder' | 'field';
  readonly kernel: string;
  readonly label: string;
  readonly milliseconds: number;
}
