import { describe, expect, it } from 'vitest';
import { avcLevel, completeAvcRecord } from '../../src/media/avc.js';

const hex = (text: string) => Uint8Array.from((text.match(/../g) ?? []).map((h) => parseInt(h, 16)));

/** What the encoder wrote for 512×512 and for 100×50 pixels: one sequence and one picture parameter set each. */
const RECORDS = [
  { width: 512, height: 512, record: hex('01420016ffe10009' + '67420016a680801064' + '01000568ce02bc80') },
  { width: 100, height: 50, record: hex('0142000affe10009' + '6742000aa687279e21' + '01000568ce02bc80') },
];

/** Reads a sequence parameter set of Baseline profile, field by field (7.3.2.1.1 and E.1.1). */
function readSps(nal: Uint8Array) {
  const bytes = [...nal].filter((v, i) => !(v === 3 && nal[i - 1] === 0 && nal[i - 2] === 0));
  const text = bytes.map((v) => v.toString(2).padStart(8, '0')).join('');
  let at = 8;
  const u = (n: number) => parseInt(text.slice(at, (at += n)), 2);
  const ue = () => {
    const zeros = text.indexOf('1', at) - at;
    at += zeros;
    return u(zeros + 1) - 1;
  };
  const sps = {
    profile: u(8),
    constraints: u(8),
    level: u(8),
    id: ue(),
    maxFrameNum: ue(),
    orderType: ue(),
    references: ue(),
    gaps: u(1),
    width: ue() + 1,
    height: ue() + 1,
    framesOnly: u(1),
    direct: u(1),
    crop: u(1) ? { left: ue(), right: ue(), top: ue(), bottom: ue() } : undefined,
    vui: u(1),
  };
  if (!sps.vui) return { sps, vui: undefined, rest: text.slice(at) };
  const vui = {
    aspect: u(1),
    overscan: u(1),
    signal: u(1),
    format: u(3),
    fullRange: u(1),
    described: u(1),
    primaries: u(8),
    transfer: u(8),
    matrix: u(8),
    chromaLocation: u(1),
    top: ue(),
    bottom: ue(),
    timing: u(1),
    hrd: u(2),
    pictureStructure: u(1),
    restricted: u(1),
    vectorsOverBoundary: u(1),
    limits: [ue(), ue(), ue(), ue()],
    reorder: ue(),
    buffering: ue(),
  };
  return { sps, vui, rest: text.slice(at) };
}

describe('the configuration record', () => {
  it.each(RECORDS)(
    'of $width x $height gains level, profile and colour, and keeps the rest',
    ({ record, width, height }) => {
      const before = readSps(record.subarray(8, 8 + (record[7] as number)));
      const after = completeAvcRecord(record, 31);
      const length = ((after[6] as number) << 8) | (after[7] as number);
      const { sps, vui, rest } = readSps(after.subarray(8, 8 + length));

      expect([...after.subarray(0, 6)]).toEqual([1, 66, 0xc0, 31, 0xff, 0xe1]);
      expect(after[8]).toBe(0x67);
      expect([...after.subarray(8 + length)]).toEqual([...hex('01000568ce02bc80')]);
      expect(sps).toEqual({ ...before.sps, constraints: 0xc0, level: 31, vui: 1 });
      const crop = sps.crop ?? { left: 0, right: 0, top: 0, bottom: 0 };
      expect(sps.width * 16 - 2 * (crop.left + crop.right)).toBe(width);
      expect(sps.height * 16 - 2 * (crop.top + crop.bottom)).toBe(height);
      expect(sps.references).toBe(1);
      expect(vui).toEqual({
        aspect: 0,
        overscan: 0,
        signal: 1,
        format: 5,
        fullRange: 0,
        described: 1,
        primaries: 1,
        transfer: 1,
        matrix: 1,
        chromaLocation: 1,
        top: 1,
        bottom: 1,
        timing: 0,
        hrd: 0,
        pictureStructure: 0,
        restricted: 1,
        vectorsOverBoundary: 1,
        limits: [0, 0, 16, 16],
        reorder: 0,
        buffering: 1,
      });
      expect(rest).toMatch(/^10{0,7}$/);
      // No start code and no reserved sequence inside.
      expect(Buffer.from(after).toString('hex').match(/../g)?.join(' ')).not.toMatch(/00 00 0[0-2]/);
    },
  );

  it('of another make is refused', () => {
    const [{ record } = { record: new Uint8Array() }] = RECORDS;
    const high = Uint8Array.from(record);
    high[1] = 100;
    expect(() => completeAvcRecord(high, 30)).toThrow('unexpected');
  });
});

describe('the level', () => {
  it.each([
    [64, 64, 25, 30],
    [512, 512, 25, 30],
    [512, 512, 60, 31],
    [1024, 1024, 25, 32],
    [1280, 720, 30, 31],
    [1920, 1080, 30, 40],
    [1920, 1080, 60, 42],
    [3840, 2160, 30, 51],
    [3840, 2160, 60, 52],
  ])('of %d x %d at %d is %d', (width, height, fps, level) => {
    expect(avcLevel(width, height, fps)).toBe(level);
  });

  it('has an end', () => {
    expect(avcLevel(8192, 8192, 25)).toBeUndefined();
    expect(avcLevel(16, 16000, 1)).toBeUndefined();
  });
});
