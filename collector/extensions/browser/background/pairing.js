// Pairing: the page that the person is signed in to offers a one-time code; the person accepts it on our page; the service
// gives a token for it, which works from this browser's extension alone.
import { api, whoami } from "../shared/api.js";
import { inTurn } from "../shared/turns.js";
import { connect, forgetPairing } from "./service.js";

/** Show the person an offer of a page on this computer. Only that page's own port can be offered. */
export async function offer({ port, code }, sender) {
  const page = new URL(sender.url);
  if (page.hostname !== "127.0.0.1" || page.port !== String(port)) return;
  const { pairing } = await api.storage.local.get("pairing");
  if (pairing?.port === Number(port)) return; // this browser has done that
  const settings = api.runtime.getURL("pages/settings.html");
  const [open] = (await api.tabs.query({})).filter(({ url }) => url?.startsWith(settings));
  const url = `${settings}#${port}:${code}`;
  await (open ? api.tabs.update(open.id, { url, active: true }) : api.tabs.create({ url }));
}

/** Trade the code for a token; says what went wrong, or nothing. */
export async function accept({ port, code }) {
  const { name, version } = await whoami();
  // Plain text, so that no permission is needed to ask; the service names our own origin alone in its answer.
  const request = { method: "POST", body: JSON.stringify({ code, browser: `${name} ${version}`.trim() }), credentials: "omit" };
  const answer = await fetch(`http://127.0.0.1:${port}/browser/pair`, request).catch(() => null);
  if (answer === null) return `Neural Focus does not answer at port ${port}. Is it running?`;
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) return [said.title ?? `It answered ${answer.status}`, said.hint].filter(Boolean).join(". ");
  await inTurn(forgetPairing); // of an earlier one
  await api.storage.local.set({ pairing: { port: Number(port), token: said.token } });
  await connect();
  return "";
}
