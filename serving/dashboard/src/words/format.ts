/** Numbers and times as people read them. */

/** Between a number and its unit: narrow, and never broken at a line's end. */
export const THIN = "\u202f";

/** 0.134 → "13 %"; below half a percent "<1 %". */
export function percent(share: number): string {
  const whole = Math.round(share * 100);
  return share > 0 && whole === 0 ? `<1${THIN}%` : `${whole}${THIN}%`;
}

/** Seconds as a clock: 65 → "1:05", 3,665 → "1:01:05". Never negative. */
export function clock(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const pad = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(total % 60)}` : `${minutes}:${pad(total % 60)}`;
}

/** A stretch in words, its largest unit only: 1 → "1 second", 150 → "2 minutes". */
export function stretch(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const [size, name] = units.find(([unit]) => seconds >= unit) ?? [1, "second"];
  const count = Math.max(0, Math.floor(seconds / size));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** How long ago, in words; below two seconds "just now". */
export function ago(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  return seconds < 2 ? "just now" : `${stretch(seconds)} ago`;
}

const MINUTE = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECOND = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** Wall-clock time of a moment in the browser's zone, "14:03". */
export function minuteOf(at: number): string {
  return MINUTE.format(at);
}

/** Wall-clock time with seconds, "14:03:27". */
export function secondOf(at: number): string {
  return SECOND.format(at);
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Day of a moment. */
export function dayOf(at: number): string {
  return DAY.format(at);
}

/** Day and wall-clock time of a moment. */
export function momentOf(at: number): string {
  return `${dayOf(at)}, ${minuteOf(at)}`;
}

/** A refusal of the service as sentences; a detail that begins with the title says it alone. */
export function problemWord({ title = "", detail = "", hint = "" }: { title?: string; detail?: string; hint?: string }): string {
  return [detail.startsWith(title) ? "" : title, detail || title, hint].filter((part, index, all) => part && all.indexOf(part) === index).join(". ");
}

/** With a first capital letter: "block reddit.com" → "Block reddit.com". */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The name of a browser: "google chrome 156" → "Google Chrome 156". */
export function browserName(text: string): string {
  return text.split(" ").map(capital).join(" ");
}

/** What was thrown, as a sentence. */
export function errorWord(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
