import type { Link } from "../model";
import type { Connection } from "../state";
import type { Theme } from "../theme";
import { DemoChip } from "./parts";
import type { View } from "./use-view";

const WORDS: Record<Connection, string> = {
  connecting: "Connecting",
  open: "Connected",
  lost: "Reconnecting",
  "signed-out": "Signed out",
};

const NEXT: Record<Theme, string> = { auto: "light", light: "dark", dark: "auto" };

function ThemeIcon({ theme }: { theme: Theme }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <circle cx="10" cy="10" r="6.5" />
      {theme !== "light" && <path class="solid" d={theme === "dark" ? "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z" : "M10 3.5a6.5 6.5 0 0 1 0 13Z"} />}
    </svg>
  );
}

const VIEWS: readonly (readonly [View, string])[] = [
  ["now", "Now"],
  ["help", "Help"],
];

interface HeaderProps {
  /** Null where there is nothing to choose from. */
  view: View | null;
  connection: Connection;
  /** Whether readings are coming in, not only the connection is there. */
  live: boolean;
  demo: boolean;
  person: string;
  links: readonly Link[];
  theme: Theme;
  onTheme: () => void;
}

/** Name, connection, the other tools' addresses, and the theme. */
export function Header({ view, connection, live, demo, person, links, theme, onTheme }: HeaderProps) {
  return (
    <header class="bar">
      <h1>
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9.2 25.5a11.5 11.5 0 1 1 13.6 0" />
          <circle cx="16" cy="16" r="3.6" />
        </svg>
        Neural Focus
      </h1>
      {demo && <DemoChip />}
      <span class={`pill ${connection} ${live ? "live" : ""}`} role="status" data-testid="connection">
        <i class="dot" />
        {connection === "open" && live ? "Live" : WORDS[connection]}
        {person && connection === "open" && <span class="person"> · {person}</span>}
      </span>
      {view && (
        <nav class="views" aria-label="Views">
          {VIEWS.map(([name, word]) => (
            <a key={name} href={`#${name}`} aria-current={view === name ? "page" : undefined}>
              {word}
            </a>
          ))}
        </nav>
      )}
      <nav class="tools" aria-label="Other tools">
        {links.map((link) => (
          <a key={link.name} href={link.address} target="_blank" rel="noreferrer" title={link.note}>
            {link.name}
          </a>
        ))}
      </nav>
      <button
        type="button"
        class="ghost"
        onClick={onTheme}
        aria-label={`Theme: ${theme}. Change to ${NEXT[theme]}`}
        title={`Theme: ${theme}`}
      >
        <ThemeIcon theme={theme} />
      </button>
    </header>
  );
}
