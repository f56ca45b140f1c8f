// The page in place of a closed site. It opens the site by itself at the end, whoever else is stopped by then.
import { api } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { clockText, closing, ending, hostOf, reasonText } from "../shared/blocks.js";

const address = location.hash.slice(1);
const part = (id) => document.getElementById(id);
let opens = null, next = null;

async function closed() {
  const { blocks = {}, heard = 0 } = await api.storage.local.get(["blocks", "heard"]);
  return closing(Object.values(blocks).filter((block) => !ending(block, heard, Date.now())), address);
}

async function show() {
  clearTimeout(next);
  const found = await closed();
  if (found === null) return open();
  const left = found.until - Date.now();
  document.title = `${found.site} is closed for now`;
  part("site").textContent = document.title;
  part("reason").textContent = reasonText(found);
  part("left").textContent = `${clockText(left)} left`;
  part("need").hidden = false;
  if (opens !== null && Date.now() >= opens) await ask("need", { address });
  else if (opens !== null) part("need").textContent = `Opens in ${Math.ceil((opens - Date.now()) / 1000)} s`;
  next = setTimeout(show, Math.min(1000, Math.max(20, left + 5)));
}

async function open() {
  await ask("look"); // lifts the rule, which would lead back here
  if (hostOf(address) !== null) location.replace(address);
}

part("need").addEventListener("click", async () => {
  if (opens !== null) return;
  const found = await closed();
  if (found === null) return open();
  opens = Date.now() + found.wait * 1000;
  part("need").disabled = true;
  part("wait").textContent = `${found.site} opens in ${found.wait} seconds. Other sites stay closed.`;
  show();
});
api.storage.onChanged.addListener(show);
show();
