// Events come while others are still being handled, and all of them read and write the same storage: one at a time.
let last = Promise.resolve();

/** Run `work` after everything that was asked for before; a failure is its caller's alone. */
export function inTurn(work) {
  const mine = last.then(work);
  last = mine.catch(() => {});
  return mine;
}
