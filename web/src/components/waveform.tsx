import { useMemo } from 'preact/hooks';

interface WaveformProps {
  /** Largest absolute sample of each piece, 0 … 1. */
  readonly peaks: Float32Array;
  readonly label?: string;
}

/** Loudness over time, one path whatever the length; without a label it is decoration. */
export function Waveform({ peaks, label }: WaveformProps) {
  const path = useMemo(() => outline(peaks), [peaks]);
  return (
    <svg
      class="waveform"
      viewBox={`0 0 ${peaks.length} 100`}
      preserveAspectRatio="none"
      {...(label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label })}
    >
      <path d={path} />
    </svg>
  );
}

/** Upper edge from left to right, lower edge back; the loudest piece fills the height. */
function outline(peaks: Float32Array): string {
  const loudest = Math.max(0.05, ...peaks);
  const height = (peak: number) => Math.max(1, (48 * peak) / loudest);
  const upper = Array.from(peaks, (peak, i) => `${i},${(50 - height(peak)).toFixed(1)}`);
  const lower = Array.from(peaks, (peak, i) => `${i},${(50 + height(peak)).toFixed(1)}`);
  return peaks.length === 0 ? '' : `M${upper.join('L')}L${lower.reverse().join('L')}Z`;
}
