/* global TextEncoder */
// Writes ONNX models of a few nodes: onnx.proto3 by hand, as far as single operators need it.

const float32 = 1;
const irVersion = 8;

/** Field numbers of the messages used. */
const model = { irVersion: 1, graph: 7, opsetImport: 8 };
const opset = { domain: 1, version: 2 };
const graphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const node = { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 };
const attribute = { name: 1, f: 2, i: 3, ints: 8, type: 20 };
const attributeType = { float: 1, int: 2, ints: 7 };
const tensor = { dims: 1, dataType: 2, name: 8, rawData: 9 };

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest);
    bytes.push((rest % 128) + 128);
  }
}

function join(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const integer = (field, value) => join([varint(field * 8), varint(value)]);
const float = (field, value) => join([varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]);
const bytes = (field, content) => join([varint(field * 8 + 2), varint(content.length), content]);
const text = (field, value) => bytes(field, new TextEncoder().encode(value));
const message = (field, ...parts) => bytes(field, join(parts));

function encodeAttribute([name, value]) {
  const head = text(attribute.name, name);
  if (Array.isArray(value)) {
    const values = value.map((one) => integer(attribute.ints, one));
    return message(node.attribute, head, ...values, integer(attribute.type, attributeType.ints));
  }
  return Number.isInteger(value)
    ? message(node.attribute, head, integer(attribute.i, value), integer(attribute.type, attributeType.int))
    : message(node.attribute, head, float(attribute.f, value), integer(attribute.type, attributeType.float));
}

function encodeTensor(name, { shape, data }) {
  const dims = shape.map((extent) => integer(tensor.dims, extent));
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [...dims, integer(tensor.dataType, float32), text(tensor.name, name), bytes(tensor.rawData, raw)];
}

/** ValueInfoProto of a float tensor: its name, and in TypeProto.tensor_type its type and extents. */
function valueInfo(field, name, shape) {
  const extents = message(2, ...shape.map((extent) => message(1, integer(1, extent))));
  return message(field, text(1, name), message(2, message(1, integer(1, float32), extents)));
}

/**
 * @param operator `{type, domain = '', attributes = {}, inputs}`: inputs are names in order, `''` where one is left
 *   out. An integral attribute is written as an int, another number as a float, a list as ints.
 * @param tensors `inputs` and `outputs`, each name → shape; `constants`, name → `{shape, data: Float32Array}`.
 * @returns the bytes of a model with that one node, its output called by the only name in `outputs`.
 */
export function singleOperatorModel(operator, { inputs, constants, outputs }) {
  const { type, domain = '', attributes = {} } = operator;
  const [y] = Object.keys(outputs);
  const encodedNode = message(
    graphField.node,
    ...operator.inputs.map((name) => text(node.input, name)),
    text(node.output, y),
    text(node.opType, type),
    ...Object.entries(attributes).map(encodeAttribute),
    text(node.domain, domain),
  );
  const used = Object.entries(constants).filter(([name]) => operator.inputs.includes(name));
  const graph = message(
    model.graph,
    encodedNode,
    text(graphField.name, type),
    ...used.map(([name, value]) => message(graphField.initializer, ...encodeTensor(name, value))),
    ...Object.entries(inputs).map(([name, shape]) => valueInfo(graphField.input, name, shape)),
    ...Object.entries(outputs).map(([name, shape]) => valueInfo(graphField.output, name, shape)),
  );
  const versions = { '': 17, 'com.microsoft': 1 };
  const imports = Object.entries(versions).map(([name, version]) =>
    message(model.opsetImport, text(opset.domain, name), integer(opset.version, version)),
  );
  return join([integer(model.irVersion, irVersion), graph, ...imports]);
}
