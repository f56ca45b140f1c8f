import { useState } from "preact/hooks";
import { WINDOW, type Recent } from "../state";
import { secondOf } from "../words/format";
import type { Span } from "../model";
import { Axes, Idle, Lanes, Lines, Switches, Warned } from "./layers";
import { layOut, type Layout } from "./layout";
import { GAP } from "./path";
import { readAt, rows, sentence, type Readout } from "./readout";
import { useWidth } from "./use-width";

const STEPS: Record<string, number> = {
  ArrowLeft: -10_000,
  ArrowRight: 10_000,
  PageDown: -300_000,
  PageUp: 300_000,
  Home: -WINDOW,
  End: WINDOW,
};

function Tip({ readout, layout }: { readout: Readout; layout: Layout }) {
  const x = layout.x(readout.at);
  const side = x > layout.width / 2 ? "left" : "right";
  return (
    <div class={`tip on-${side}`} style={{ left: `${x}px` }} data-testid="tip">
      <p class="tip-time">{secondOf(readout.at)}</p>
      <dl>
        {rows(readout).map(([name, value]) => (
          <div key={name} class={`tip-row tip-${name.toLowerCase()}`}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Since the last reading nothing was predicted either. */
function untilNow({ idle, readings }: Recent, now: number): readonly Span[] {
  const last = readings.at(-1);
  return last && now - last.at > GAP ? [...idle, { from: last.at, to: now }] : idle;
}

/** The last 30 minutes: score above, switches as ticks, risks below; a cursor for pointer and keyboard. */
export function Timeline({ recent, now }: { recent: Recent; now: number }) {
  const { element, width } = useWidth<HTMLDivElement>();
  const [back, setBack] = useState<number | null>(null);
  const from = now - WINDOW;
  const layout = layOut(Math.max(width, 280), from, now);
  const readout = back === null ? null : readAt(recent, now - back);
  const point = (event: PointerEvent) => {
    const box = element.current?.getBoundingClientRect();
    if (box) setBack(now - layout.moment(event.clientX - box.left));
  };
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (event.key === "Escape") setBack(null);
    if (step === undefined) return;
    event.preventDefault();
    setBack((current) => Math.min(WINDOW, Math.max(0, (current ?? 0) - step)));
  };
  return (
    <div
      class="timeline"
      ref={element}
      role="slider"
      tabIndex={0}
      aria-label="Timeline of the last 30 minutes. Arrow keys move the cursor."
      aria-orientation="horizontal"
      aria-valuemin={-30}
      aria-valuemax={0}
      aria-valuenow={-Math.round((back ?? 0) / 60_000)}
      aria-valuetext={sentence(readout ?? readAt(recent, now))}
      data-testid="timeline"
      onPointerMove={point}
      onPointerDown={point}
      onPointerLeave={() => setBack(null)}
      onKeyDown={move}
      onBlur={() => setBack(null)}
    >
      <svg width={layout.width} height={layout.height} aria-hidden="true">
        <Idle layout={layout} idle={untilNow(recent, now)} from={from} to={now} />
        <Axes layout={layout} from={from} to={now} />
        <Lanes layout={layout} />
        <Lines layout={layout} readings={recent.readings.filter((reading) => reading.at > from)} />
        <Switches layout={layout} switches={recent.switches} from={from} />
        <Warned layout={layout} warnings={recent.warnings} from={from} />
        {readout && (
          <line class="cursor" x1={layout.x(readout.at)} x2={layout.x(readout.at)} y1={layout.score.top} y2={layout.risk.bottom} />
        )}
      </svg>
      {readout && <Tip readout={readout} layout={layout} />}
    </div>
  );
}
