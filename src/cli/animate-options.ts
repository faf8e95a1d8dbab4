import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { alphaRules } from '../media/alpha.js';
import type { Square } from '../media/crop.js';
import { pcmFormats } from '../media/pcm.js';
import { emotions } from '../models/speech/emotions.js';
import type { GuidanceSchedule } from '../pipeline/schedule.js';
import { parseEmotionSchedule, parseGuidanceSchedule } from '../pipeline/schedule.js';
import type { SolverName } from '../sampling/solvers.js';
import { parseSolver, solverNames } from '../sampling/solvers.js';
import type { AnimateFlags } from './animate.js';
import {
  adapterHelp,
  atLeastZero,
  experimentalOption,
  parsedBy,
  precisionOption,
  wholeNumber,
} from './options.js';

export function addAnimate(program: Command, signal: AbortSignal): void {
  const command = program
    .command('animate')
    .description('make a video of a portrait speaking a recording')
    .requiredOption('--image <file>', 'the portrait, PNG, JPEG or WebP');
  addSpeechOptions(command)
    .addOption(
      new Option(
        '--alpha <rule>',
        'a transparent portrait: blend, laid over black; drop, hidden colours show',
      )
        .choices(alphaRules)
        .default('blend'),
    )
    .option('--out <mp4>', 'the video to write, with the sound')
    .option('--frames-dir <folder>', 'write every frame as PNG into this folder')
    .option('--clean-frames', 'remove the frames of an earlier run from that folder first')
    .option(
      '--weights <path>',
      'safetensors, float.pth, a folder with the model, demo, or a name of float weights (default: published if you got it, else demo)',
    )
    .option('--config <json>', 'the sizes of the checkpoint, if not beside it')
    .option('--nfe <n>', 'time points of the ODE: n − 1 steps', wholeNumber(2, 10000), 10)
    .option<SolverName>(
      '--solver <name>',
      `ODE solver: ${solverNames.join(', ')}; heun2, torchdiffeq’s name, is heun`,
      parsedBy(parseSolver),
      'euler',
    )
    .option('--seed <n>', 'the same seed makes the same video', wholeNumber(0), 15)
    .option<number | GuidanceSchedule>(
      '--audio-guidance <γ>',
      'how strongly the motion follows the speech; over time: 2@0,1@4',
      parsedBy(parseGuidanceSchedule),
      2,
    )
    .option<number | GuidanceSchedule>(
      '--emotion-guidance <γ>',
      'how strongly it follows the emotion; over time as well',
      parsedBy(parseGuidanceSchedule),
      1,
    )
    .option(
      '--emotion <name>',
      `show this emotion: ${emotions.join(', ')}; over time: happy@0,sad@3.5; weaker: happy*0.6 (default: the one heard)`,
      parsedBy(parseEmotionSchedule),
    )
    .option('--motion-scale <x>', 'how much the head moves, 0 or more', atLeastZero, 1)
    .option('--mark', 'draw a visible “AI” into the corner of every frame')
    .option('--fps <n>', 'frames a second of the video (default: the model’s, 25)', wholeNumber(1, 240))
    .option(
      '--size <n>',
      'side of the video in pixels, the longer one with --paste-back (default: the model’s, at least 512; the portrait’s)',
      wholeNumber(16, 8192),
    )
    .option(
      '--crop <square>',
      'auto: the face; none: the centre square; X,Y,SIZE in pixels (default: auto; none for models below 128 pixels)',
      parseCrop,
    )
    .option('--face <n>', 'of several faces the n-th largest (default: the largest)', wholeNumber(1, 1000))
    .option('--paste-back', 'put the animated square back into the whole portrait')
    .option('--motion-out <file>', 'save the sampled motion as safetensors')
    .option('--motion-in <file>', 'use saved motion instead of sampling')
    .option('--profile <json>', 'write when each kernel ran, for https://ui.perfetto.dev')
    .option('--adapter <name>', adapterHelp, 'auto')
    .addOption(precisionOption())
    .addOption(experimentalOption())
    .option('--quiet', 'print nothing but errors')
    .option('--json', 'print the result as JSON')
    .action(async (flags: AnimateFlags) => (await import('./animate.js')).runAnimate(flags, signal));
}

function addSpeechOptions(command: Command): Command {
  return command
    .requiredOption(
      '--audio <file>',
      'the speech: WAV, MP3, FLAC, OGG or (with ffmpeg installed) M4A; - for one of them, or raw PCM, mono, from standard input',
    )
    .option('--pcm-rate <hz>', 'samples a second of the PCM (default: 16000)', wholeNumber(1000, 384_000))
    .addOption(new Option('--pcm-format <name>', 'of the PCM (default: s16le)').choices(pcmFormats))
    .option(
      '--look-ahead <s>',
      'seconds of the PCM beyond a window (2 s) that its frames wait for (default: 1)',
      lookAhead,
    );
}

function lookAhead(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 60)) {
    throw new InvalidArgumentError('Expected a number from 0 to 60.');
  }
  return value;
}

/** Parses `--crop`. */
function parseCrop(text: string): 'auto' | 'none' | Square {
  if (text === 'auto' || text === 'none') return text;
  const numbers = text.split(',').map((part) => (/^-?\d{1,5}$/.test(part) ? Number(part) : NaN));
  const [x = NaN, y = NaN, size = NaN] = numbers;
  if (numbers.length !== 3 || numbers.some(Number.isNaN) || size < 1 || size > 8192) {
    throw new InvalidArgumentError('Expected auto, none or X,Y,SIZE in whole pixels, such as 120,40,300.');
  }
  return { x, y, size };
}
