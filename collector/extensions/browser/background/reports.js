// What the service has to hear, kept in storage.local until it has: the browser or the service may be stopped between.
//
// An entry is {message, sent}: whether it was sent on this connection.
import { api } from "../shared/api.js";

const OLDEST_MS = 24 * 3600e3;

const read = async () => (await api.storage.local.get("reports")).reports ?? [];
const write = (reports) => api.storage.local.set({ reports });

/** Keep a message of the protocol until it is stored. */
export async function report(type, data) {
  const young = (await read()).filter(({ message }) => message.data.t_us / 1000 > Date.now() - OLDEST_MS);
  await write([...young, { message: { type, data }, sent: false }]);
}

/** Give everything that was not sent yet to `send`; with `again` also what nobody said was stored. */
export async function flush(send, { again = false } = {}) {
  const reports = await read();
  const due = reports.filter(({ sent }) => again || !sent);
  if (!due.length) return;
  for (const entry of due) entry.sent = send(entry.message);
  await write(reports);
}

/** The service has stored what was reported of a row. */
export async function stored({ intervention_id, report }) {
  const reports = await read();
  await write(reports.filter(({ message: { type, data } }) => type !== report || data.intervention_id !== intervention_id));
}

/** Whether the service has yet to hear of something. */
export const isWaiting = async () => (await read()).length > 0;
