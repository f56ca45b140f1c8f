import type { components, paths } from "../generated/api";
import type { Problem } from "../generated/messages";
import type {
  Action,
  Experiment,
  Forgettable,
  Forgetting,
  Help,
  HelpSettings,
  Link,
  Outcome,
  PairedBrowser,
  PairedMachine,
  PairingCode,
  TeamProvider,
  WaitingMachine,
} from "../model";
import type { Recent, Standing } from "../state";
import { errorWord, problemWord } from "../words/format";
import * as decode from "./decode";

/** Paths without parameters in them that answer a GET. */
type Readable =
  | "/api/v1/now"
  | "/api/v1/recent"
  | "/api/v1/interventions"
  | "/api/v1/links"
  | "/api/v1/actions"
  | "/api/v1/experiments"
  | "/api/v1/settings/help"
  | "/api/v1/forget"
  | "/api/v1/browsers"
  | "/api/v1/machines"
  | "/api/v1/signin";
type Schemas = components["schemas"];
type Answer<P extends Readable> = paths[P]["get"]["responses"][200]["content"]["application/json"];

/** The service does not know this browser: it needs a new sign-in link. */
export class SignedOut extends Error {}

/** The service refused, and says why. */
export class Refused extends Error {}

const LAST = "?minutes=30";

async function get<P extends Readable>(path: P, query = ""): Promise<Answer<P>> {
  const response = await fetch(path + query, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (response.status === 401 || response.status === 403) throw new SignedOut();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await problemOf(response)}`);
  return (await response.json()) as Answer<P>;
}

/** The refusal of an attempt in words, empty where it worked. */
export async function refusalOf(attempt: Promise<void>): Promise<string> {
  return attempt.then(() => "", errorWord);
}

/** Sends a body (or none). Throws the service's refusal in its own words. */
async function send<A>(method: "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<A> {
  const response = await fetch(path, {
    method,
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    credentials: "same-origin",
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Refused(await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as A;
}

async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.headers.get("Content-Type")?.includes("json")) return text.slice(0, 200);
  return problemWord(JSON.parse(text) as Partial<Problem>);
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
  const body: Schemas["LabelRequest"] = minutes === null ? { outcome } : { outcome, from_us: to - minutes * 60_000_000, to_us: to };
  const stored = await send<Schemas["LabelResponse"]>("POST", "/api/v1/labels", body);
  return `Noted for ${Math.round((stored.to_us - stored.from_us) / 60_000_000)} min and ${stored.predictions} readings.`;
}

export async function readLinks(): Promise<Link[]> {
  return (await get("/api/v1/links")).map(decode.link);
}

/** What is ordered and done for the person now. */
export async function readActions(): Promise<Action[]> {
  return (await get("/api/v1/actions")).map(decode.action);
}

/** What was offered and ordered in the last 24 hours, newest first. */
export async function readDay(): Promise<Help[]> {
  return decode.helps(await get("/api/v1/interventions"));
}

/** The experiments that the person is in. */
export async function readExperiments(): Promise<Experiment[]> {
  return (await get("/api/v1/experiments")).map(decode.experiment);
}

export async function readHelp(): Promise<HelpSettings> {
  return decode.helpSettings(await get("/api/v1/settings/help"));
}

/** Stores the settings; answers with them as they are stored. */
export async function storeHelp(asked: HelpSettings): Promise<HelpSettings> {
  return decode.helpSettings(await send("PUT", "/api/v1/settings/help", decode.helpRequest(asked)));
}

/** How to sign in beside a one-time link; a browser that is signed out may ask. */
export async function readTeamProvider(): Promise<TeamProvider | null> {
  return decode.teamProvider(await get("/api/v1/signin"));
}

/** This browser forgets its cookie. */
export async function signOut(): Promise<void> {
  await send("POST", "/api/v1/signout");
}

export async function readBrowsers(): Promise<PairedBrowser[]> {
  return (await get("/api/v1/browsers")).map(decode.browser);
}

export async function makePairingCode(): Promise<PairingCode> {
  return decode.pairingCode(await send("POST", "/api/v1/browsers/pairing"));
}

export async function removeBrowser(id: number): Promise<void> {
  await send("DELETE", `/api/v1/browsers/${id}`);
}

export async function readMachines(): Promise<PairedMachine[]> {
  return (await get("/api/v1/machines")).map(decode.machine);
}

/** Which machine shows the code. */
export async function readWaiting(code: string): Promise<WaitingMachine> {
  const { name, address } = await send<Schemas["WaitingMachine"]>("POST", "/api/v1/machines/waiting", { code });
  return { name, address };
}

export async function approveMachine(code: string): Promise<void> {
  await send("POST", "/api/v1/machines/approve", { code });
}

export async function revokeMachine(id: number): Promise<void> {
  await send("DELETE", `/api/v1/machines/${id}`);
}

/** A timed session to start; without minutes it has its kind's own length. */
export interface Start {
  type: "pomodoro" | "deep_work";
  minutes: number | null;
  jail: boolean;
}

/** Starts a session. The service tells the page of it. */
export async function startSession({ type, minutes, jail }: Start): Promise<void> {
  const body: Schemas["CreateSessionRequest"] = { type, duration_minutes: minutes, jail_enabled: jail };
  await send("POST", "/api/v1/sessions", body);
}

/** Asks the desktop for rounds with breaks, for the break's end, or for no more. Its status tells what came of it. */
export async function askRounds(command: "start" | "skip" | "stop", type: Start["type"]): Promise<void> {
  const body: Schemas["AskRounds"] = { command, type };
  await send("POST", "/api/v1/rounds", body);
}

/** Asks the desktops for a pause of so many seconds, or for its end (null). Their status tells what came of it. */
export async function askCapture(seconds: number | null): Promise<void> {
  const body = seconds === null ? { command: "resume" } : { command: "pause", seconds };
  await send("POST", "/api/v1/capture", body);
}

/** Asks the desktop whose rules are `before` for `text` instead. */
export async function askRules(text: string, before: string): Promise<void> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(before)));
  const digest = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  await send("PUT", "/api/v1/privacy", { text, before: digest });
}

/** How much there is of the last minutes, of an app in them, or, without minutes, of an app at any time. */
export async function countForget(minutes: number | null, app: string | null): Promise<Forgettable> {
  const { first_us, end_us, counts, open_offers } = await send<Schemas["ForgetCount"]>("POST", "/api/v1/forget/count", { minutes, app });
  return { from: first_us, to: end_us, counts, openOffers: open_offers };
}

/** Has what was counted forgotten. */
export async function forget({ from, to }: Forgettable, app: string | null): Promise<Forgetting> {
  return decode.forgetting(await send("POST", "/api/v1/forget", { first_us: from, end_us: to, app }));
}

export async function readForgetting(id: number): Promise<Forgetting | undefined> {
  return (await get("/api/v1/forget")).map(decode.forgetting).find((one) => one.id === id);
}

/** Asks for the emergency exit of a jail. The service tells the page when it lifts. */
export async function leaveJail(session: number, reason: string): Promise<void> {
  await send("POST", `/api/v1/sessions/${session}/leave-jail`, { reason });
}

/** Asks for the end of one action. Its end is told once it is reported. */
export async function undo(id: number): Promise<void> {
  await send("POST", `/api/v1/interventions/${id}/undo`);
}
