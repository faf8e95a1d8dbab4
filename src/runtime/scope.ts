/**
 * What was made on the way to something larger, and is freed with it: the last first. `building` frees it at once when
 * a later step fails, so that no loader need undo its own steps.
 */
export interface Scope {
  readonly frees: Set<() => void>;
  closed: boolean;
  /** From the scope around it, so that it is not closed twice nor remembered for ever. */
  readonly leave: () => void;
}

/** @param within is closed with this scope in it. @throws Error when it is closed already. */
export function openScope(within?: Scope): Scope {
  const close = () => closeScope(scope);
  const scope: Scope = { frees: new Set(), closed: false, leave: () => within?.frees.delete(close) };
  if (within) expectOpen(within);
  within?.frees.add(close);
  return scope;
}

/**
 * Takes charge of a thing.
 *
 * @throws Error, with the thing freed, when the scope has been closed while the thing was being made.
 */
export function own<T>(scope: Scope, thing: T, free: (thing: T) => void): T {
  if (scope.closed) free(thing);
  expectOpen(scope);
  scope.frees.add(() => free(thing));
  return thing;
}

/** Frees all that it owns; harmless when that has been done. */
export function closeScope(scope: Scope): void {
  scope.closed = true;
  scope.leave();
  const frees = [...scope.frees].reverse();
  scope.frees.clear();
  frees.forEach((free) => free());
}

function expectOpen({ closed }: Scope): void {
  if (closed) throw new Error('destroyed while it was being made');
}

/**
 * Builds something in a scope of its own, which is the thing's to close, and is closed here when the building fails.
 */
export async function building<T>(build: (scope: Scope) => T | Promise<T>, within?: Scope): Promise<T> {
  const scope = openScope(within);
  try {
    const built = await build(scope);
    expectOpen(scope);
    return built;
  } catch (error) {
    closeScope(scope);
    throw error;
  }
}
