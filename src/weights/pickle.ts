import { InputError } from '../base/errors.js';
import { quote } from './json.js';

/**
 * Python's tuples, lists and dictionaries as they come out of a pickle. A dictionary's items alternate key, value; of
 * equal keys the last one counts.
 */
export interface PickleContainer {
  readonly kind: 'tuple' | 'list' | 'dict';
  readonly items: unknown[];
}

export function isContainer<K extends PickleContainer['kind']>(
  value: unknown,
  kind: K,
): value is PickleContainer & { kind: K } {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

/** A Python function that a pickle may call, or a class it may mention. */
export interface PickleGlobal {
  readonly kind: 'global';
  /** `torch._utils._rebuild_tensor_v2`. */
  readonly name: string;
  /** What calling it gives; absent if it may only be mentioned. */
  readonly call?: (args: readonly unknown[]) => unknown;
  /** Whether the pickle may hold instances of it, which become stand-ins. */
  readonly isClass?: boolean;
}

/** What stands for an object that is no weights: nothing of it is made. */
export interface Inert {
  readonly kind: 'inert';
  /** Of its class or function, as `PickleGlobal.name`. */
  readonly name: string;
}

export function isInert(value: unknown): value is Inert {
  return isKind(value, 'inert');
}

export interface PickleOptions {
  /** What messages call the pickle: its file. */
  readonly what: string;
  /** The only functions and classes there are, by `PickleGlobal.name`. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** The object that the writer kept outside the pickle under this id. */
  readonly persistent: (id: unknown) => unknown;
}

/** More than any checkpoint needs (one of 909 tensors takes 29,000), so that no file makes objects without end. */
const maxOperations = 2 ** 18;

/** The input ended within the pickle. */
export class PickleCutShort extends InputError {}

/**
 * Runs the stack machine of Python's pickle module (protocols 2 to 5) on what plain data and tensors need: numbers,
 * strings, tuples, lists, dictionaries, and calls of the functions in `options.globals`. Every other function or class
 * is refused by name, whether it would be called or not; opcodes that make instances or import in other ways are
 * refused too. So nothing a file says is ever executed.
 *
 * @returns the value, and the offset after the pickle's last opcode.
 * @throws PickleCutShort if the bytes end first; InputError for anything else.
 */
export function unpickle(bytes: Uint8Array, options: PickleOptions): { value: unknown; end: number } {
  const { what } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;

  const fault = (how: string) => new InputError(`${what}: damaged pickle: ${how}`);
  const skip = (count: number): number => {
    if (at + count > bytes.length) throw new PickleCutShort(`${what}: damaged pickle: cut short`);
    at += count;
    return at - count;
  };
  const byte = () => bytes[skip(1)]!;
  const uint32 = () => view.getUint32(skip(4), true);
  const uint64 = (): number => {
    const count = view.getBigUint64(skip(8), true);
    if (count > BigInt(bytes.length)) throw new PickleCutShort(`${what}: damaged pickle: cut short`);
    return Number(count);
  };
  const take = (count: number) => bytes.subarray(skip(count), at);
  const text = (count: number) => new TextDecoder().decode(take(count));
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) skip(bytes.length);
    const start = at;
    at = end + 1;
    return new TextDecoder().decode(bytes.subarray(start, end));
  };
  const push = (value: unknown) => void stack.push(value);
  const floor = () => marks.at(-1) ?? 0;
  const pop = (): unknown => {
    if (stack.length <= floor()) throw fault('nothing left on its stack');
    return stack.pop();
  };
  const popToMark = (): unknown[] => {
    const mark = marks.pop();
    if (mark === undefined) throw fault('a mark is missing');
    return stack.splice(mark);
  };
  const tuple = (items: unknown[]) => push({ kind: 'tuple', items });
  const container = (kind: 'list' | 'dict'): PickleContainer => {
    const top = stack.at(-1);
    if (stack.length <= floor() || !isContainer(top, kind)) throw fault(`expected a ${kind} to fill`);
    return top;
  };
  const append = (kind: 'list' | 'dict', items: unknown[]) => {
    // An object that is a list or a dictionary besides.
    if (stack.length > floor() && isInert(stack.at(-1))) return;
    const target = container(kind);
    if (kind === 'dict' && items.length % 2 !== 0) throw fault('a key without a value');
    for (const item of items) target.items.push(item);
  };
  const global = (module: unknown, name: unknown) => {
    if (typeof module !== 'string' || typeof name !== 'string') throw fault('expected the name of a function');
    const full = `${module}.${name}`;
    const found = options.globals.get(full);
    if (!found) throw notAllowed(what, /^[\w.]{1,100}$/.test(full) ? full : quote(full));
    push(found);
  };
  const recall = (index: number) => {
    if (!memo.has(index)) throw fault(`nothing was kept under ${index}`);
    push(memo.get(index));
  };
  const keep = (index: number) => {
    if (stack.length <= floor()) throw fault('nothing left on its stack');
    memo.set(index, stack.at(-1));
  };

  for (let operations = 0; ; operations++) {
    if (operations === maxOperations) throw fault(`it has more than ${maxOperations} operations`);
    const opcode = byte();
    switch (opcode) {
      case 0x80: {
        const protocol = byte();
        if (protocol > 5) throw fault(`expected protocol 2 to 5, got ${protocol}`);
        break;
      }
      case 0x95: // FRAME: how much the reader may fetch at once
        skip(8);
        break;
      case 0x2e: // STOP
        return { value: pop(), end: at };
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x30: // POP
        pop();
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x32: // DUP
        push(pop());
        push(stack.at(-1));
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x4a: // BININT
        push(view.getInt32(skip(4), true));
        break;
      case 0x4b: // BININT1
        push(byte());
        break;
      case 0x4d: // BININT2
        push(view.getUint16(skip(2), true));
        break;
      case 0x8a: // LONG1
        push(integer(take(byte())));
        break;
      case 0x47: // BINFLOAT, big-endian
        push(view.getFloat64(skip(8)));
        break;
      case 0x58: // BINUNICODE
        push(text(uint32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        push(text(byte()));
        break;
      case 0x8d: // BINUNICODE8
        push(text(uint64()));
        break;
      case 0x55: // SHORT_BINSTRING, Python 2's str
        push(text(byte()));
        break;
      case 0x54: // BINSTRING
        push(text(uint32()));
        break;
      case 0x53: // STRING of protocol 0, quotes and all: only so that a call it prepares is refused by its name
        push(line());
        break;
      case 0x43: // SHORT_BINBYTES
        push(take(byte()).slice());
        break;
      case 0x42: // BINBYTES
        push(take(uint32()).slice());
        break;
      case 0x29: // EMPTY_TUPLE
        tuple([]);
        break;
      case 0x85: // TUPLE1
        tuple([pop()]);
        break;
      case 0x86: // TUPLE2
        tuple([pop(), pop()].reverse());
        break;
      case 0x87: // TUPLE3
        tuple([pop(), pop(), pop()].reverse());
        break;
      case 0x74: // TUPLE
        tuple(popToMark());
        break;
      case 0x5d: // EMPTY_LIST
        push({ kind: 'list', items: [] });
        break;
      case 0x61: // APPEND
        append('list', [pop()]);
        break;
      case 0x65: // APPENDS
        append('list', popToMark());
        break;
      case 0x7d: // EMPTY_DICT
        push({ kind: 'dict', items: [] });
        break;
      case 0x73: // SETITEM
        append('dict', [pop(), pop()].reverse());
        break;
      case 0x75: // SETITEMS
        append('dict', popToMark());
        break;
      case 0x68: // BINGET
        recall(byte());
        break;
      case 0x6a: // LONG_BINGET
        recall(uint32());
        break;
      case 0x71: // BINPUT
        keep(byte());
        break;
      case 0x72: // LONG_BINPUT
        keep(uint32());
        break;
      case 0x94: // MEMOIZE
        keep(memo.size);
        break;
      case 0x63: // GLOBAL
        global(line(), line());
        break;
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        global(pop(), name);
        break;
      }
      case 0x52: {
        // REDUCE
        const args = pop();
        push(call(pop(), args, fault));
        break;
      }
      case 0x81: // NEWOBJ
        pop();
        push(instance(pop(), fault));
        break;
      case 0x92: // NEWOBJ_EX, with arguments by name
        pop();
        pop();
        push(instance(pop(), fault));
        break;
      case 0x8f: // EMPTY_SET
        push({ kind: 'inert', name: 'set' });
        break;
      case 0x90: // ADDITEMS, to a set
        popToMark();
        if (stack.length <= floor() || !isInert(stack.at(-1))) throw fault('expected a set to fill');
        break;
      case 0x91: // FROZENSET
        popToMark();
        push({ kind: 'inert', name: 'frozenset' });
        break;
      case 0x51: // BINPERSID
        push(options.persistent(pop()));
        break;
      case 0x62: // BUILD: attributes, such as `_metadata` of a state_dict's ordered dictionary: not needed
        pop();
        if (!isKind(stack.at(-1), 'inert', 'tensor')) container('dict');
        break;
      case 0x69: // INST: imports and calls at once
        global(line(), line());
        throw fault('instances are not allowed');
      default:
        throw fault(`opcode 0x${opcode.toString(16).padStart(2, '0')} is not allowed in a checkpoint`);
    }
  }
}

/** Little-endian two's complement of at most 255 bytes; a number where that is exact. */
function integer(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function call(callable: unknown, args: unknown, fault: (how: string) => InputError): unknown {
  if (!isGlobal(callable)) throw fault('expected a function to call');
  if (!callable.call) throw fault(`${callable.name} cannot be called`);
  if (!isContainer(args, 'tuple')) throw fault(`expected the arguments of ${callable.name}`);
  return callable.call(args.items);
}

function instance(of: unknown, fault: (how: string) => InputError): Inert {
  if (!isGlobal(of)) throw fault('expected a class');
  if (!of.isClass) throw fault(`instances of ${of.name} are not allowed`);
  return { kind: 'inert', name: of.name };
}

function isKind(value: unknown, ...kinds: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.includes(String(value.kind));
}

export function isGlobal(value: unknown): value is PickleGlobal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'global';
}

function notAllowed(what: string, name: string): InputError {
  return new InputError(`${what}: ${name} is not allowed in a checkpoint: save its state_dict() alone`);
}
