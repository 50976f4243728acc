import type { ButtonHTMLAttributes } from 'react';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: 'plain' | 'outlined' | 'accented' | 'dangerous';
  readonly isPressed?: boolean | undefined;
};

const LOOKS = {
  plain: 'text-text-2 hover:bg-raised hover:text-text',
  outlined: 'border border-line bg-panel text-text-2 hover:border-line-strong hover:text-text',
  accented: 'bg-veth text-ground font-semibold hover:brightness-110',
  dangerous: 'border border-line text-bad hover:border-bad',
} as const;

/** A button of the instrument: small, quiet, 28 px high. `isPressed` makes it a toggle. */
export function Button({ look = 'plain', isPressed, className = '', ...rest }: ButtonProps) {
  const pressed = isPressed === true ? 'bg-raised text-text' : '';
  return (
    <button
      type="button"
      {...(isPressed === undefined ? {} : { 'aria-pressed': isPressed })}
      className={`inline-flex h-7 shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md px-2.5 text-xs font-medium transition-colors disabled:pointer-events-none disabled:opacity-50 ${LOOKS[look]} ${pressed} ${className}`}
      {...rest}
    />
  );
}
