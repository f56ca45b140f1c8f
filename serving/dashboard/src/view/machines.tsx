import { useEffect, useState } from "preact/hooks";
import { approveMachine, readMachines, readWaiting, revokeMachine } from "../live/rest";
import type { PairedMachine, WaitingMachine } from "../model";
import { ago, errorWord } from "../words/format";
import { Card } from "./parts";

/** How often the card looks which machines there are, ms. */
const LOOK = 5000;

function Paired({ machine, now, onRevoke }: { machine: PairedMachine; now: number; onRevoke: () => void }) {
  const seen = machine.connected ? "connected" : machine.seen === null ? "not used yet" : `last used ${ago(machine.seen, now)}`;
  return (
    <li class="paired" data-testid="machine">
      <p>
        {machine.name} <span class="quiet">{seen}</span>
      </p>
      <button type="button" class="small" onClick={onRevoke} aria-label={`Revoke ${machine.name}`}>
        Revoke
      </button>
    </li>
  );
}

/** A machine that shows a code is looked at before it is approved: it may be somebody else's. */
interface Found {
  code: string;
  machine: WaitingMachine;
}

/** The machines that speak for the person; approves another one by the code on its screen, and revokes one. */
export function MachinesCard({ now }: { now: number }) {
  const [machines, hold] = useState<readonly PairedMachine[]>([]);
  const [code, type] = useState("");
  const [found, find] = useState<Found | null>(null);
  const [said, say] = useState("");
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      say(errorWord(error));
    }
  };
  const look = async () => hold(await readMachines());
  useEffect(() => {
    void attempt(look);
    const timer = setInterval(() => void attempt(look), LOOK);
    return () => clearInterval(timer);
  }, []);
  const onFind = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      say("");
      find({ code, machine: await readWaiting(code) });
    });
  };
  const onApprove = (approved: Found) =>
    attempt(async () => {
      await approveMachine(approved.code);
      find(null);
      type("");
      say(`${approved.machine.name} may speak for you now.`);
    });
  const onRevoke = (machine: PairedMachine) =>
    attempt(async () => {
      await revokeMachine(machine.id);
      say(`${machine.name} is revoked.`);
      await look();
    });
  return (
    <Card id="machines" title="Machines">
      {machines.length > 0 ? (
        <ul>
          {machines.map((machine) => (
            <Paired key={machine.id} machine={machine} now={now} onRevoke={() => void onRevoke(machine)} />
          ))}
        </ul>
      ) : (
        <p class="quiet">No other machine speaks for you.</p>
      )}
      {found ? (
        <p>
          {found.machine.name}, which asks from {found.machine.address}: is it yours?{" "}
          <button type="button" class="small" onClick={() => void onApprove(found)}>
            Approve
          </button>{" "}
          <button type="button" class="small" onClick={() => find(null)}>
            It is not
          </button>
        </p>
      ) : (
        <form onSubmit={onFind}>
          <label>
            The code that a new machine shows (<code>neural-focus pair</code>){" "}
            <input value={code} onInput={(event) => type(event.currentTarget.value)} autocomplete="off" maxLength={12} required />
          </label>{" "}
          <button type="submit" class="small">
            Look
          </button>
        </form>
      )}
      <p class="said quiet" role="status">
        {said}
      </p>
    </Card>
  );
}
