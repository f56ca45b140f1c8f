import { useRef, useState } from "preact/hooks";
import type { HelpSettings } from "../model";
import { Card } from "./parts";

/** Stores a change; answers with the service's refusal, empty when it is stored. */
export type Save = (change: Partial<HelpSettings>) => Promise<string>;

/** What became of the last change at one entry; its line is always there, so that nothing moves. */
function Said({ id, refusal, stored }: { id: string; refusal: string; stored: boolean }) {
  return (
    <p class={`said ${refusal ? "refusal" : "quiet"}`} id={id} role="status">
      {refusal || (stored ? "Saved." : "")}
    </p>
  );
}

function useSaid(save: Save) {
  const [refusal, refuse] = useState("");
  const [stored, setStored] = useState(false);
  const change = async (wanted: Partial<HelpSettings>): Promise<boolean> => {
    const found = await save(wanted);
    refuse(found);
    setStored(!found);
    return !found;
  };
  return { refusal, stored, change };
}

interface ListProps {
  name: "blockSites" | "minimizeApps" | "endApps";
  title: string;
  hint: string;
  example: string;
  listed: readonly string[];
  save: Save;
}

/** One of the person's lists: each entry with a button that takes it off, and a field that adds one. */
function List({ name, title, hint, example, listed, save }: ListProps) {
  const [typed, type] = useState("");
  const { refusal, stored, change } = useSaid(save);
  const field = useRef<HTMLInputElement>(null);
  const onAdd = async (event: Event) => {
    event.preventDefault();
    if (typed.trim() && (await change({ [name]: [...listed, typed.trim()] }))) type("");
  };
  const onRemove = async (entry: string) => {
    if (await change({ [name]: listed.filter((one) => one !== entry) })) field.current?.focus();
  };
  return (
    <form class="list" onSubmit={(event) => void onAdd(event)} aria-labelledby={`${name}-title`}>
      <h3 id={`${name}-title`}>{title}</h3>
      <p class="quiet" id={`${name}-hint`}>
        {hint}
      </p>
      {listed.length > 0 && (
        <ul class="entries">
          {listed.map((entry) => (
            <li key={entry}>
              {entry}
              <button type="button" class="off" onClick={() => void onRemove(entry)} aria-label={`Take ${entry} off the list: ${title}`}>
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="entry">
        <input
          ref={field}
          value={typed}
          placeholder={example}
          maxLength={300}
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          aria-label={`Add to: ${title}`}
          aria-describedby={`${name}-hint ${name}-said`}
          aria-invalid={refusal !== ""}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button type="submit">Add</button>
      </div>
      <Said id={`${name}-said`} refusal={refusal} stored={stored} />
    </form>
  );
}

interface MinutesProps {
  name: "blockMinutes" | "breakMinutes";
  title: string;
  most: number;
  minutes: number;
  save: Save;
}

function Minutes({ name, title, most, minutes, save }: MinutesProps) {
  const { refusal, stored, change } = useSaid(save);
  // What is being typed is kept here: the page is drawn again with every score, and would put the stored value back.
  const [typed, type] = useState<string | null>(null);
  const onChange = async (entered: string) => {
    if (await change({ [name]: Math.round(Number(entered)) })) type(null);
  };
  return (
    <div class="row">
      <label for={name}>{title}</label>
      <input
        id={name}
        type="number"
        min={1}
        max={most}
        value={typed ?? minutes}
        aria-describedby={`${name}-said`}
        aria-invalid={refusal !== ""}
        onInput={(event) => type(event.currentTarget.value)}
        onChange={(event) => void onChange(event.currentTarget.value)}
      />
      <Said id={`${name}-said`} refusal={refusal} stored={stored} />
    </div>
  );
}

function ActsByItself({ on, save }: { on: boolean; save: Save }) {
  const { refusal, stored, change } = useSaid(save);
  return (
    <div class="row">
      <label class="check">
        <input
          type="checkbox"
          checked={on}
          aria-describedby="acts-said"
          onChange={(event) => {
            const box = event.currentTarget;
            void change({ actsByItself: box.checked }).then((kept) => kept || (box.checked = on));
          }}
        />
        An offer that I do not answer is carried out
      </label>
      <Said id="acts-said" refusal={refusal} stored={stored} />
    </div>
  );
}

/** The person's own lists: nothing outside them is ever blocked, minimised or ended. */
export function HelpSettingsCard({ help, save }: { help: HelpSettings; save: Save }) {
  return (
    <Card id="settings" title="What help may do">
      <p class="quiet">Help does nothing outside these lists. Banks, emergency services, updates and system programs cannot be on them.</p>
      <List
        name="blockSites"
        title="Sites to block"
        hint="Blocked in your paired browsers, for an accepted offer and in a jail."
        example="such as reddit.com"
        listed={help.blockSites}
        save={save}
      />
      <List
        name="minimizeApps"
        title="Apps to minimise"
        hint="Minimised and never closed. Names are as “Right now” shows them."
        example="such as spotify"
        listed={help.minimizeApps}
        save={save}
      />
      <List
        name="endApps"
        title="Apps that a jail may end"
        hint="Ended in a jail only, after a warning with time to save."
        example="such as steam"
        listed={help.endApps}
        save={save}
      />
      <h3>How long, and when</h3>
      <Minutes name="blockMinutes" title="Minutes of a block" most={240} minutes={help.blockMinutes} save={save} />
      <Minutes name="breakMinutes" title="Minutes of a break" most={60} minutes={help.breakMinutes} save={save} />
      <ActsByItself on={help.actsByItself} save={save} />
    </Card>
  );
}
