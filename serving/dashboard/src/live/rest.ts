import type { components } from "../generated/api";
import type { Problem } from "../generated/messages";
import type { Link } from "../model";
import type { Recent, Standing } from "../state";
import * as decode from "./decode";

type Schemas = components["schemas"];

/** The service does not know this browser: it needs a new sign-in link. */
export class SignedOut extends Error {}

const MINUTES = 30;

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (response.status === 401 || response.status === 403) throw new SignedOut();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await problemOf(response)}`);
  return (await response.json()) as T;
}

async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.headers.get("Content-Type")?.includes("json")) return text.slice(0, 200);
  const problem = JSON.parse(text) as Partial<Problem>;
  return [problem.title, problem.detail, problem.todo].filter(Boolean).join(". ");
}

export async function readStanding(): Promise<Standing> {
  return decode.standing(await get<Schemas["Now"]>("/api/v1/now"), Date.now());
}

export async function readRecent(): Promise<Recent> {
  const [found, interventions] = await Promise.all([
    get<Schemas["Recent"]>(`/api/v1/recent?minutes=${MINUTES}`),
    get<Schemas["InterventionRow"][]>(`/api/v1/interventions?minutes=${MINUTES}`),
  ]);
  return decode.recent(found, interventions);
}

export async function readLinks(): Promise<Link[]> {
  return (await get<Schemas["Link"][]>("/api/v1/links")).map(decode.link);
}
