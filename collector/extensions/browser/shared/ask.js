// Questions of our own pages to the background, which a browser may stop at any moment, and the answer with it.
import { api } from "./api.js";

const PATIENCE_MS = 5e3, PAUSE_MS = 500;
const after = (ms) => new Promise((done) => setTimeout(done, ms, null));

/** The answer; null where none comes in `ms`. */
export async function ask(type, more = {}, ms = PATIENCE_MS) {
  return (await Promise.race([api.runtime.sendMessage({ type, ...more }).catch(() => null), after(ms)])) ?? null;
}

/** The answer, however often it has to be asked for; `ms` each time. */
export async function askUntilAnswered(type, ms = PATIENCE_MS) {
  for (;;) {
    const answer = await ask(type, {}, ms);
    if (answer !== null) return answer;
    await after(PAUSE_MS);
  }
}
