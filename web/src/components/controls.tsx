import type { ComponentChildren } from 'preact';
import type { IconName } from './icon.js';
import { Icon } from './icon.js';

interface ButtonProps {
  readonly icon?: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
}

export function Button({ icon, label, onClick, disabled = false }: ButtonProps) {
  return (
    <button type="button" class="button" onClick={onClick} disabled={disabled}>
      {icon && <Icon name={icon} />}
      {label}
    </button>
  );
}

/** A button that shows only its icon. */
export function IconButton({ icon, label, onClick, disabled = false }: ButtonProps & { icon: IconName }) {
  return (
    <button
      type="button"
      class="button icon-only"
      aria-label={label}
      title={label}
      onClick={onClick}
      disabled={disabled}
    >
      <Icon name={icon} />
    </button>
  );
}

interface FileButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly accept?: string;
  readonly multiple?: boolean;
  readonly folder?: boolean;
  readonly disabled?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

/** A native file input that looks like a button. */
export function FileButton({
  icon,
  label,
  accept = '',
  multiple = false,
  folder = false,
  disabled = false,
  onFiles,
}: FileButtonProps) {
  return (
    <label class="button">
      <input
        type="file"
        class="visually-hidden"
        accept={accept}
        multiple={multiple}
        {...(folder && { webkitdirectory: true })}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          // The same file can be chosen again.
          currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
      <Icon name={icon} />
      {label}
    </label>
  );
}

interface ChoiceProps {
  readonly group: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly className?: string;
  readonly children: ComponentChildren;
}

/** One of several, a native radio button inside of what is shown. */
export function Choice({ group, checked, onChoose, className = 'chip', children }: ChoiceProps) {
  return (
    <label class={className}>
      <input type="radio" class="visually-hidden" name={group} checked={checked} onChange={onChoose} />
      {children}
    </label>
  );
}

/** A part of the page under a heading. */
export function Card({
  id,
  heading,
  children,
}: {
  readonly id: string;
  readonly heading: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>{heading}</h2>
      {children}
    </section>
  );
}
