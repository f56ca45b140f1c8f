// The one socket to the service on this computer. It speaks every 25 s; what it says is the whole wanted state.
import { api, isAllowed, whoami } from "../shared/api.js";
import { inTurn } from "../shared/turns.js";
import { endAll, follow, reportAgain } from "./keeper.js";
import { flush, stored } from "./reports.js";
import { tellSite } from "./site.js";

const PROTOCOL = "neural-focus.1";
const REVOKED = 4401;
const RETRY_MS = 5e3;

let socket = null;

export const isConnected = () => socket?.readyState === WebSocket.OPEN;

/** Connect where the browser is paired and is not connected. A browser's WebSocket can send no Authorization header; a
 * subprotocol can carry the token, and the service answers with the other one. */
export async function connect() {
  const { pairing } = await api.storage.local.get("pairing");
  if (!pairing || socket) return;
  const mine = (socket = new WebSocket(`ws://127.0.0.1:${pairing.port}/ws/browser`, [PROTOCOL, `token.${pairing.token}`]));
  mine.onopen = () => inTurn(greet);
  mine.onmessage = ({ data }) => inTurn(() => receive(JSON.parse(data)));
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    socket = null;
    if (code === REVOKED) inTurn(forgetPairing);
    else setTimeout(connect, RETRY_MS); // while we are kept alive; after that an alarm tries again
  };
}

/** Send what waits, if somebody listens. */
export const speak = () => flush(send).then(() => tellSite(send));

/** Say again who we are: what we may do has changed. */
export async function greet() {
  const { name, version } = await whoami();
  send({ type: "BROWSER_HELLO", data: { browser: name, version, allowed: await isAllowed() } });
  await reportAgain();
  await flush(send, { again: true });
  await tellSite(send, { again: true });
}

/** The end of the pairing, here or at the service: nothing stays closed. */
export async function forgetPairing() {
  await api.storage.local.remove("pairing");
  await endAll("quit");
  await flush(send);
  socket?.close(1000);
  socket = null;
}

async function receive({ type, data }) {
  api.runtime.getPlatformInfo(); // Firefox counts calls of its own interface as life, and no socket
  if (type === "ERROR") return flush(() => false, { again: true }); // at once it would most likely be refused again
  if (type === "REPORT_STORED") await stored(data);
  else if (type === "SITE_BLOCKS") await follow(data.blocks);
  await speak();
}

function send(message) {
  if (!isConnected()) return false;
  socket.send(JSON.stringify(message));
  return true;
}
