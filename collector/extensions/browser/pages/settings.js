// The extension's own page: whether it is paired and connected, what it may do, what it tells, what is closed.
import { api, EVERYWHERE } from "../shared/api.js";
import { ask, askUntilAnswered } from "../shared/ask.js";
import { clockText } from "../shared/blocks.js";

const part = (id) => document.getElementById(id);
const PAIRING_MS = 60e3;
const offered = () => /^#(\d{1,5}):([\w-]{16,64})$/.exec(location.hash);

function words({ port, connected }) {
  if (port === null) return "Not paired. Open the page of Neural Focus in this browser and pair it there.";
  if (connected) return `Paired and connected (port ${port}).`;
  return `Paired with Neural Focus at port ${port}, which does not answer. Start it, or pair again if you ended the pairing there.`;
}

async function show(said = "") {
  const now = await askUntilAnswered("status");
  const offer = now.port === null || !now.connected ? offered() : null;
  part("status").textContent = said || words(now);
  part("offer").hidden = !offer;
  part("port").textContent = offer?.[1] ?? "";
  part("allow").hidden = now.allowed;
  Object.assign(part("tells"), { checked: now.tellsSite, disabled: false }); // before, a click would be lost
  part("forget").hidden = now.port === null;
  const lines = now.blocks.map(({ site, until }) => `${site}: ${clockText(until - Date.now())} left`);
  part("blocks").replaceChildren(
    ...(lines.length ? lines : ["Nothing"]).map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
}

async function pair(port, code) {
  const wrong = (await ask("accept", { port, code }, PAIRING_MS)) ?? "The extension did not answer. Try again.";
  if (!wrong) history.replaceState(null, "", location.pathname);
  await show(wrong || "");
  if (!wrong) setTimeout(show, 1500);
}

part("accept").addEventListener("click", () => pair(offered()[1], offered()[2]));
part("by-hand").addEventListener("submit", (event) => {
  event.preventDefault();
  const [, port, code] = /^\s*(\d{1,5}):([\w-]{16,64})\s*$/.exec(part("code").value) ?? [];
  if (code) pair(port, code);
  else show("That is no code: it looks like 3000:x4F… and stands on the page of Neural Focus that pairs browsers.");
});
part("permit").addEventListener("click", () => api.permissions.request(EVERYWHERE).then(() => show()));
part("tells").addEventListener("change", ({ target }) => ask("tellsSite", { tellsSite: target.checked }).then(() => show()));
part("forget").addEventListener("click", () => ask("forget").then(() => show()));
addEventListener("hashchange", () => show());
api.storage.onChanged.addListener((changes) => (changes.blocks || changes.pairing) && show());
show();
