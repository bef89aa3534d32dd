'use client';
import {
  cloneElement,
  type HTMLAttributes,
  type PointerEvent,
  type ReactElement,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { createPortal } from 'react-dom';
import classes from './hint.module.css';

const DELAY_MS = 300;
const GAP_PX = 6;
const EDGE_PX = 8;

interface HintProps {
  /** Null: nothing to say. */
  label: string | null;
  /** One element that passes its attributes on; it has no pointer or focus handlers of its own. */
  children: ReactElement<HTMLAttributes<HTMLElement>>;
}

/** Says more about a control, on pointing, touch or keyboard focus; Esc hides it. In the browser's top layer, so nothing clips it. */
export function Hint({ label, children }: HintProps) {
  const id = useId();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [target, setTarget] = useState<HTMLElement | null>(null);
  const hide = () => {
    clearTimeout(timer.current);
    setTarget(null);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  if (label === null) return children;
  const onPointerEnter = ({ currentTarget, pointerType }: PointerEvent<HTMLElement>) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setTarget(currentTarget), pointerType === 'touch' ? 0 : DELAY_MS);
  };
  return (
    <>
      {cloneElement(children, {
        onPointerEnter,
        // A finger that lifts has left, too: there, the next touch elsewhere hides it.
        onPointerLeave: (event) => event.pointerType !== 'touch' && hide(),
        onFocus: ({ currentTarget }) => currentTarget.matches(':focus-visible') && setTarget(currentTarget),
        onBlur: hide,
        ...(target === null ? {} : { 'aria-describedby': id }),
      })}
      {target !== null && <Bubble id={id} target={target} label={label} onHide={hide} />}
    </>
  );
}

function Bubble({ id, target, label, onHide }: { id: string; target: HTMLElement; label: string; onHide: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another label has another size
  useLayoutEffect(() => {
    const bubble = ref.current;
    if (bubble === null) return;
    bubble.showPopover();
    const at = target.getBoundingClientRect();
    const own = bubble.getBoundingClientRect();
    const left = Math.min(window.innerWidth - own.width - EDGE_PX, at.left + (at.width - own.width) / 2);
    const below = at.bottom + GAP_PX;
    bubble.style.left = `${Math.max(EDGE_PX, left)}px`;
    bubble.style.top = `${below + own.height > window.innerHeight ? at.top - own.height - GAP_PX : below}px`;
  }, [target, label]);
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent) => key === 'Escape' && onHide();
    const onPress = ({ target: pressed }: Event) => !(pressed instanceof Node && target.contains(pressed)) && onHide();
    window.addEventListener('keydown', onKey);
    window.addEventListener('scroll', onHide, true);
    window.addEventListener('pointerdown', onPress);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('scroll', onHide, true);
      window.removeEventListener('pointerdown', onPress);
    };
  });
  return createPortal(
    <div ref={ref} id={id} role="tooltip" popover="manual" className={classes['bubble']}>
      {label}
    </div>,
    document.body,
  );
}
