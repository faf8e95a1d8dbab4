/** The remainders of the 256 bytes by the polynomial 0xedb88320, lowest bit first. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as PNG and zip have it. Not every Node that we run in has zlib's. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ remainders[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}
