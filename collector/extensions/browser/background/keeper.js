// Keeps the stored blocks true: takes them over from the service, ends them, and makes rules, covers and alarms follow.
//
//   blocks {id: block}             in force; `from` and `until` are absolute, so nothing depends on this process living on
//   done {id: {until, t_us, reason}}  ended here before their time: the service may still list them, until it has heard
//   refused {id: reason}           told once
//   heard                          ms when the service spoke last
import { api, isAllowed, whoami } from "../shared/api.js";
import { blockOf, closing, ending, refusal, SILENCE_MS } from "../shared/blocks.js";
import { report } from "./reports.js";
import { closeSites } from "./rules.js";
import { settleAll } from "./tabs.js";

const EMPTY = { blocks: {}, done: {}, refused: {}, heard: 0 };
const read = async () => ({ ...EMPTY, ...(await api.storage.local.get(Object.keys(EMPTY))) });
const nowUs = () => Date.now() * 1000;

/** Whether rules and alarms are known to be as stored: not before this process has seen to it. */
let followed = false;

/** The blocks in force, after ending what is over. `started`: the browser just did, and nothing was asked meanwhile. */
export async function look({ started = false } = {}) {
  const state = await read();
  const all = Object.values(state.blocks);
  const gone = all.length > 0 && !(await isAllowed());
  const over = all.flatMap((block) => {
    const reason = ending(block, state.heard, Date.now()) ?? (gone ? "failed" : null);
    return reason ? [[block.id, started && reason === "service_gone" ? "quit" : reason]] : [];
  });
  if (over.length || !followed) await finish(state, new Map(over));
  return Object.values(state.blocks);
}

/** Make it so: the service's whole wanted state. */
export async function follow(wanted) {
  const state = await read();
  const now = (state.heard = Date.now());
  const allowed = await isAllowed();
  for (const entry of wanted) {
    const { intervention_id: id } = entry;
    const known = state.blocks[id];
    const block = { ...known, ...blockOf(entry, known?.from ?? now) };
    const why = refusal(block.site) || (allowed ? "" : "it may not act on sites: allow it on the extension's own page");
    if (state.done[id]) await told(id, state.done[id]); // it would not be listed, had the report come through
    else if (block.until > now && !why) state.blocks[id] = block;
    else if (block.until > now && !known) await refuse(state, id, why);
  }
  const listed = new Set(wanted.map(({ intervention_id }) => String(intervention_id)));
  const over = Object.values(state.blocks).flatMap(({ id, until }) => {
    if (!allowed) return [[id, "failed"]];
    return listed.has(String(id)) ? [] : [[id, now >= until - 1000 ? "ended" : "undone"]];
  });
  forget(state, listed);
  await finish(state, new Map(over));
}

/** The person needs what is closed at `address` now: that site alone is opened. */
export async function need(address) {
  const state = await read();
  const found = closing(Object.values(state.blocks), address);
  await finish(state, new Map((found?.ids ?? []).map((id) => [id, "needed"])));
}

/** Everything ends: the pairing does. */
export async function endAll(reason) {
  const state = await read();
  await finish(state, new Map(Object.keys(state.blocks).map((id) => [id, reason])));
}

/** Reports of what holds go out again at every connection: the service may have been stopped before it stored one. */
export async function reportAgain() {
  const { blocks } = await read();
  for (const block of Object.values(blocks)) block.reported = false;
  await api.storage.local.set({ blocks, refused: {} });
}

/** End `over` (id → reason), make the browser follow what is left, and only then say what was done. */
async function finish(state, over) {
  const ended = [...over].filter(([id]) => state.blocks[id]);
  for (const [id, reason] of ended) {
    state.done[id] = { until: state.blocks[id].until, t_us: nowUs(), reason };
    delete state.blocks[id];
  }
  await api.storage.local.set(state); // before the browser follows: a start after a crash goes by it
  const left = Object.values(state.blocks);
  const failure = await closeSites(left.map(({ site }) => site)).then(() => "", String);
  await setAlarms(left, state.heard);
  if (ended.length || !followed || left.some(({ applied }) => !applied)) await settleAll(left);
  followed = !failure;
  for (const [id] of ended) await told(id, state.done[id]);
  for (const block of left.filter(({ reported }) => !reported)) {
    if (failure) {
      await refuse(state, block.id, `it did not take the rule: ${failure}`);
      delete state.blocks[block.id];
    } else await applied(block);
  }
  await api.storage.local.set(state);
}

async function applied(block) {
  block.applied ??= nowUs();
  block.reported = true;
  const data = { intervention_id: block.id, t_us: block.applied, where: await where(), until_us: Math.round(block.until * 1000) };
  await report("INTERVENTION_APPLIED", data);
}

const told = (id, { t_us, reason }) => report("INTERVENTION_UNDONE", { intervention_id: Number(id), t_us, reason });

async function refuse(state, id, why) {
  if (state.refused[id] === why) return;
  state.refused[id] = why;
  const data = { intervention_id: id, t_us: nowUs(), where: await where(), refused_reason: `${await where()}: ${why}`.slice(0, 250) };
  await report("INTERVENTION_APPLIED", data);
}

async function where() {
  const { name, version } = await whoami();
  return `${name} ${version}`.trim();
}

/** What the service does not list any more and whose time is over needs no memory. */
function forget(state, listed) {
  for (const id of Object.keys(state.done)) if (!listed.has(id) && Date.now() > state.done[id].until) delete state.done[id];
  for (const id of Object.keys(state.refused)) if (!listed.has(id)) delete state.refused[id];
}

/** One alarm at the first end, one where the service will have been silent for too long. */
async function setAlarms(blocks, heard) {
  if (!blocks.length) {
    await Promise.all([api.alarms.clear("end"), api.alarms.clear("silence")]);
    return;
  }
  const first = Math.min(...blocks.map(({ until }) => until));
  if ((await api.alarms.get("end"))?.scheduledTime !== first) await api.alarms.create("end", { when: first });
  await api.alarms.create("silence", { when: heard + SILENCE_MS + 100 });
}
