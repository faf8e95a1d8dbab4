import type { Picture } from 'float-webgpu';

/**
 * A picture as an 8-bit RGB PNG. Written out here because some browsers add noise to what is read from a canvas, so
 * that pages cannot tell machines apart by it.
 */
export async function encodePng({ width, height, data }: Picture): Promise<Uint8Array<ArrayBuffer>> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits a channel
  header.setUint8(9, 2); // RGB
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', await deflate(filterRows(data, width * 3))),
    chunk('IEND', new Uint8Array()),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * Each row begins with its filter, here "up" (2): bytes minus those above them, which compresses well in smooth
 * pictures.
 */
function filterRows(data: Uint8Array, rowBytes: number): Uint8Array<ArrayBuffer> {
  const rows = data.length / rowBytes;
  const filtered = new Uint8Array(data.length + rows);
  for (let y = 0, to = 0; y < rows; y++) {
    filtered[to++] = 2;
    for (let from = y * rowBytes; from < (y + 1) * rowBytes; from++) {
      filtered[to++] = data[from]! - (y === 0 ? 0 : data[from - rowBytes]!);
    }
  }
  return filtered;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Length, type, content, and the checksum of the latter two. */
function chunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

/** The remainders of the 256 bytes by the polynomial 0xedb88320, lowest bit first. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = remainders[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
