// Which site is in front, for the person who agreed to tell: the registrable domain and nothing else of the address. Private
// windows are closed to us altogether.
import { api, whoami } from "../shared/api.js";
import { hostOf } from "../shared/blocks.js";
import { registrable } from "../shared/registrable.js";

let toldLast = null;

/** Tell `send` of the site in front where it changed; `again` also where it did not. */
export async function tellSite(send, { again = false } = {}) {
  const { tellsSite = false } = await api.storage.local.get("tellsSite");
  if (!tellsSite && toldLast === null) return;
  const site = tellsSite ? await siteInFront() : null;
  if (site === toldLast && !again) return;
  const { name, version } = await whoami();
  if (send({ type: "SITE_IN_FRONT", data: { site, t_us: Date.now() * 1000, browser: `${name} ${version}`.trim() } })) toldLast = site;
}

async function siteInFront() {
  const [tab] = await api.tabs.query({ active: true, lastFocusedWindow: true });
  const window = tab && !tab.incognito && (await api.windows.get(tab.windowId).catch(() => null));
  const host = window?.focused ? hostOf(tab.url ?? "") : null;
  return host === null ? null : registrable(host);
}
