/** Light, dark, or whatever the system says; kept on this machine. */
export type Theme = "auto" | "light" | "dark";

const KEY = "neural-focus-theme";
const ORDER: readonly Theme[] = ["auto", "light", "dark"];

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "auto";
}

export function readTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return ORDER.find((theme) => theme === kept) ?? "auto";
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
