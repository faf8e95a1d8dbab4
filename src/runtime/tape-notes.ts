import type { Tensor } from './tensor.js';

/** What an operator did and how gradients go back through it. */
export interface TapeNote {
  readonly operator: string;
  readonly inputs: readonly Tensor[];
  /** None of a loss: the gradient begins there. */
  readonly output?: Tensor;
  /** Records the launches that make gradients of the inputs of that of the output. */
  readonly adjoint: (gradients: Gradients) => void;
}

/** What an adjoint is given. */
export interface Gradients {
  /** The gradient of the output, with its shape. A loss has none. */
  readonly dy: Tensor;
  /** Whether anybody needs the gradient of this input. */
  readonly wants: (x: Tensor | undefined) => boolean;
  /** Memory to write the gradient of x to, whole: its place in a flat buffer of gradients, or scratch memory. */
  readonly into: (x: Tensor, label: string) => Tensor;
  /** The place in a flat buffer for the gradient of x, while nothing is there; undefined if there is none. */
  readonly target: (x: Tensor) => Tensor | undefined;
  /** Adds to the gradient of x; a reshaped tensor will do. It may be the memory of `into`, dy, or any other. */
  readonly give: (x: Tensor, dx: Tensor) => void;
  /**
   * Memory for the gradient of a packed tensor, of which each consumer writes columns of its own. Throws at the end of
   * `backward` if some are written by nobody, or twice.
   */
  readonly columns: (packed: Tensor, offset: number, width: number) => Tensor;
}

/** The operators that the walk itself needs; `src/ops` has them, and `src/runtime` knows no operator. */
export interface TapeOperators {
  /** x + z of one shape. */
  readonly sum: (x: Tensor, z: Tensor) => Tensor;
  /** Overwrites `target` with x. */
  readonly copy: (x: Tensor, target: Tensor) => void;
}

/** A recording of operators, in order. */
export interface Tape {
  readonly notes: TapeNote[];
  /** Memory whose gradients are wanted, and where to write them, if somewhere. */
  readonly wanted: ReadonlyMap<string, { readonly x: Tensor; readonly target: Tensor | undefined }>;
  /** Memory that depends on what is wanted. */
  readonly reached: Set<string>;
  readonly operators: TapeOperators;
}
