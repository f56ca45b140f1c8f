// What the service has to hear, kept in storage.local until it has: the browser or the service may be stopped between.
//
// An entry is {message, sent}: the time it was sent at, or null. The service speaks only after it has stored what it was
// told, so a state of later than `sent` says that it is stored.
import { api } from "../shared/api.js";

const OLDEST_MS = 24 * 3600e3;

const read = async () => (await api.storage.local.get("reports")).reports ?? [];
const write = (reports) => api.storage.local.set({ reports });

/** Keep a message of the protocol until it is stored. */
export async function report(type, data) {
  await write([...(await read()), { message: { type, data }, sent: null }]);
}

/** Give everything that was not sent yet to `send`; with `again` also what nobody said was stored. */
export async function flush(send, { again = false } = {}) {
  const reports = await read();
  const due = reports.filter(({ sent }) => again || sent === null);
  if (!due.length) return;
  const now = Date.now();
  for (const entry of due) if (send(entry.message)) entry.sent = now;
  await write(reports);
}

/** The service spoke at `t` (ms): what was sent before is stored. */
export async function stored(t) {
  const reports = await read();
  const left = reports.filter(({ message, sent }) => (sent === null || sent >= t) && message.data.t_us / 1000 > t - OLDEST_MS);
  if (left.length < reports.length) await write(left);
}
