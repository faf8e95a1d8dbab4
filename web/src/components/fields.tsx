import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { texts } from '../texts.js';

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly children: ComponentChildren;
}

/** A label over its controls, a hint below; the control is called `id`, the hint `id-hint`. */
export function Field({ id, label, hint, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="controls">{children}</div>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  readonly id: string;
  readonly value: string;
  /** undefined where the text cannot be used: it stays to be corrected, and the setting stays as it was. */
  readonly parse: (text: string) => string | undefined;
  readonly wrong: string;
  readonly label?: string;
  readonly onChange: (value: string) => void;
}

/** A line of text that means something only if it can be parsed. */
export function TextField({ id, value, parse, wrong, label, onChange }: TextFieldProps) {
  const draft = useSignal<string | undefined>(undefined);
  const invalid = draft.value !== undefined && parse(draft.value) === undefined;
  return (
    <>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        {...(label !== undefined && { 'aria-label': label })}
        aria-invalid={invalid}
        aria-describedby={`${id}-wrong ${id}-hint`}
        value={draft.value ?? value}
        onInput={({ currentTarget }) => {
          const parsed = parse(currentTarget.value.trim());
          draft.value = currentTarget.value;
          if (parsed !== undefined) onChange(parsed);
        }}
        onBlur={() => {
          if (!invalid) draft.value = undefined;
        }}
      />
      <span class="wrong" id={`${id}-wrong`} aria-live="polite">
        {invalid && wrong}
      </span>
    </>
  );
}

interface WholeFieldProps {
  readonly id: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}

export function WholeField({ id, value, least, most, onChange }: WholeFieldProps) {
  const parse = (text: string) => {
    const number = Number(text);
    return /^\d+$/.test(text) && number >= least && number <= most ? text : undefined;
  };
  return (
    <TextField
      id={id}
      value={String(value)}
      parse={parse}
      wrong={texts.settings.numberWrong(least, most)}
      onChange={(text) => onChange(Number(text))}
    />
  );
}

interface RangeProps {
  readonly id: string;
  readonly value: number;
  readonly least?: number;
  readonly most: number;
  readonly step: number;
  readonly label?: string;
  readonly disabled?: boolean;
  readonly valueText?: string;
  readonly onChange: (value: number) => void;
}

export function Range({
  id,
  value,
  least = 0,
  most,
  step,
  label,
  disabled,
  valueText,
  onChange,
}: RangeProps) {
  return (
    <input
      id={id}
      type="range"
      min={least}
      max={most}
      step={step}
      value={value}
      disabled={disabled ?? false}
      {...(label !== undefined && { 'aria-label': label })}
      {...(valueText !== undefined && { 'aria-valuetext': valueText })}
      onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
    />
  );
}
