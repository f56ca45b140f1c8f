import type { components, paths } from "../generated/api";
import type { Problem } from "../generated/messages";
import type { Link, Outcome } from "../model";
import type { Recent, Standing } from "../state";
import * as decode from "./decode";

/** Paths without parameters in them that answer a GET. */
type Readable = "/api/v1/now" | "/api/v1/recent" | "/api/v1/interventions" | "/api/v1/links";
type SayOutcome = components["schemas"]["SayOutcome"];
type Answer<P extends Readable> = paths[P]["get"]["responses"][200]["content"]["application/json"];

/** The service does not know this browser: it needs a new sign-in link. */
export class SignedOut extends Error {}

const LAST = "?minutes=30";

async function get<P extends Readable>(path: P, query = ""): Promise<Answer<P>> {
  const response = await fetch(path + query, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (response.status === 401 || response.status === 403) throw new SignedOut();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await problemOf(response)}`);
  return (await response.json()) as Answer<P>;
}

async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.headers.get("Content-Type")?.includes("json")) return text.slice(0, 200);
  const problem = JSON.parse(text) as Partial<Problem>;
  return [problem.title, problem.detail, problem.todo].filter(Boolean).join(". ");
}

export async function readStanding(): Promise<Standing> {
  return decode.standing(await get("/api/v1/now"), Date.now());
}

export async function readRecent(): Promise<Recent> {
  const [found, interventions] = await Promise.all([
    get("/api/v1/recent", LAST),
    get("/api/v1/interventions", LAST),
  ]);
  return decode.recent(found, interventions);
}

/** Says what the last `minutes` were; without minutes the last five, as by a hotkey. Returns a sentence for the page. */
export async function sayOutcome(outcome: Outcome, minutes: number | null): Promise<string> {
  const to = Date.now() * 1000;
  const body: SayOutcome = minutes === null ? { outcome } : { outcome, from_us: to - minutes * 60_000_000, to_us: to };
  const response = await fetch("/api/v1/labels", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    credentials: "same-origin",
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await problemOf(response));
  const stored = (await response.json()) as components["schemas"]["SaidOutcome"];
  return `Noted for ${Math.round((stored.to_us - stored.from_us) / 60_000_000)} min and ${stored.predictions} readings.`;
}

export async function readLinks(): Promise<Link[]> {
  return (await get("/api/v1/links")).map(decode.link);
}
