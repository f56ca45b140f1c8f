import type { ComponentChildren } from "preact";
import type { Level } from "../model";
import { levelWord } from "../words/risk";

interface CardProps {
  id: string;
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}

/** A titled region of the page. */
export function Card({ id, title, aside, children }: CardProps) {
  return (
    <section class={`card card-${id}`} id={id} aria-labelledby={`${id}-title`}>
      <div class="card-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Low, medium or high: said by word and shape, not by colour alone. */
export function LevelChip({ level }: { level: Level }) {
  return <span class={`chip level-${level.toLowerCase()}`}>{levelWord(level)}</span>;
}

/** Marks what comes from simulated people. */
export function DemoChip() {
  return (
    <span class="chip demo" title="Comes from a simulated person, not from you">
      DEMO
    </span>
  );
}

/** What is missing, why, and the next step. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}
