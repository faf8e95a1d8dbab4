/**
 * The H.264 parameter sets of our videos. The encoder says nothing of colour in its sequence parameter set and gives a
 * level too low for 512² at 25 frames a second; players that trust it show other colours or refuse. Rec. ITU-T H.264,
 * 7.3.2.1 and E.1.1.
 */

/** [level_idc, macroblocks a second, macroblocks a frame] of Table A-1, from level 3 up. */
const LEVELS = [
  [30, 40_500, 1_620],
  [31, 108_000, 3_600],
  [32, 216_000, 5_120],
  [40, 245_760, 8_192],
  [42, 522_240, 8_704],
  [50, 589_824, 22_080],
  [51, 983_040, 36_864],
  [52, 2_073_600, 36_864],
] as const;

/** The lowest level from 3 up for such pictures, or undefined when H.264 has none. */
export function avcLevel(width: number, height: number, fps: number): number | undefined {
  const across = Math.ceil(width / 16);
  const down = Math.ceil(height / 16);
  const fits = LEVELS.find(
    ([, rate, size]) =>
      across * down <= size && across * down * fps <= rate && Math.max(across, down) <= Math.sqrt(8 * size),
  );
  return fits?.[0];
}

const bits = (value: number, count: number) => value.toString(2).padStart(count, '0');
/** Unsigned Exp-Golomb code. */
const ue = (value: number) => '0'.repeat((value + 1).toString(2).length - 1) + (value + 1).toString(2);

/**
 * Video usability information: BT.709 throughout, limited range, chroma between its 2×2 pixels, frames in decoding
 * order.
 */
const VUI = [
  '0', // aspect_ratio_info_present_flag
  '0', // overscan_info_present_flag
  '1' + bits(5, 3) + '0', // video_signal_type_present_flag, video_format unspecified, video_full_range_flag
  '1' + bits(1, 8) + bits(1, 8) + bits(1, 8), // colour primaries, transfer characteristics, matrix coefficients
  '1' + ue(1) + ue(1), // chroma sample location type, top and bottom field
  '0', // timing_info_present_flag
  '00', // NAL and VCL HRD parameters
  '0', // pic_struct_present_flag
  '1' + '1' + ue(0) + ue(0) + ue(16) + ue(16), // bitstream restrictions: vectors may leave the picture; no other limit
  ue(0) + ue(1), // max_num_reorder_frames, max_dec_frame_buffering
].join('');

/**
 * An AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3) with one sequence parameter set without VUI, of Baseline
 * profile, rewritten: Constrained Baseline (the encoder uses none of what that excludes), the given level, VUI added.
 */
export function completeAvcRecord(record: Uint8Array, level: number): Uint8Array {
  const spsLength = ((record[6] as number) << 8) | (record[7] as number);
  if (record[0] !== 1 || record[1] !== 66 || ((record[5] as number) & 31) !== 1)
    throw new Error('the H.264 encoder gave an unexpected configuration record');
  const sps = completeSps(record.subarray(8, 8 + spsLength), level);
  return Uint8Array.from([
    ...[1, 66, CONSTRAINED_BASELINE, level, record[4] as number, record[5] as number],
    ...[sps.length >> 8, sps.length & 255],
    ...sps,
    ...record.subarray(8 + spsLength),
  ]);
}

/** constraint_set0_flag and constraint_set1_flag. */
const CONSTRAINED_BASELINE = 0xc0;

function completeSps(nal: Uint8Array, level: number): Uint8Array {
  const rbsp = withoutEmulationPrevention(nal);
  const text = Array.from(rbsp.subarray(4), (byte) => bits(byte, 8)).join('');
  // It ends with vui_parameters_present_flag, then the stop bit 1 and zeros.
  const flag = text.lastIndexOf('1') - 1;
  const changed = text.slice(0, flag) + '1' + VUI + '1';
  const bytes = (changed.match(/.{1,8}/g) ?? []).map((byte) => parseInt(byte.padEnd(8, '0'), 2));
  return withEmulationPrevention([rbsp[0] as number, 66, CONSTRAINED_BASELINE, level, ...bytes]);
}

/** Removes the 3 of every 0 0 3 (7.4.1). */
function withoutEmulationPrevention(nal: Uint8Array): Uint8Array {
  return nal.filter((byte, i) => !(i >= 2 && byte === 3 && nal[i - 1] === 0 && nal[i - 2] === 0));
}

/** Puts a 3 between 0 0 and any byte up to 3. */
function withEmulationPrevention(rbsp: readonly number[]): Uint8Array {
  const out: number[] = [];
  for (const byte of rbsp) {
    if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3);
    out.push(byte);
  }
  return Uint8Array.from(out);
}
