import { useEffect, useState } from "preact/hooks";
import { readDay } from "../live/rest";
import type { Action, Help } from "../model";
import { actionWord, answerWord, outcomeWord } from "../words/actions";
import { errorWord, minuteOf } from "../words/format";
import { Card, Empty } from "./parts";

function Happened({ help, now }: { help: Help; now: number }) {
  if (help.actions.length === 0) return <span class="quiet">nothing was ordered</span>;
  const several = help.actions.length > 1;
  return (
    <>
      {help.actions.map((item) => (
        <div key={item.id}>
          {several && `${actionWord(item.action, [item.target])}: `}
          {outcomeWord(item, now)}
        </div>
      ))}
    </>
  );
}

function Rows({ day, now }: { day: readonly Help[]; now: number }) {
  return (
    <div class="scroll" role="region" aria-label="Each offer and jail of the last 24 hours" tabIndex={0}>
      <table data-testid="day">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Help</th>
            <th scope="col">Your answer</th>
            <th scope="col">What was reported</th>
          </tr>
        </thead>
        <tbody>
          {day.map((help) => (
            <tr key={help.id}>
              <td class="time">{minuteOf(help.at)}</td>
              <td>{help.jail ? "Jail" : actionWord(help.action, help.targets)}</td>
              <td>{help.jail ? <span class="quiet">you started it</span> : answerWord(help.answer, help.action)}</td>
              <td>
                <Happened help={help} now={now} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What was offered in the last 24 hours, and what the desktop and the browser reported. Read again whenever `actions` change. */
export function DayCard({ actions, now }: { actions: readonly Action[]; now: number }) {
  const [day, setDay] = useState<readonly Help[] | null>(null);
  const [problem, complain] = useState("");
  useEffect(() => {
    readDay().then(
      (found) => setDay(found.filter(({ held }) => !held)),
      (error: unknown) => complain(errorWord(error)),
    );
  }, [actions]);
  return (
    <Card id="day" title="Help of the last 24 hours">
      {problem && (
        <p class="refusal" role="alert">
          {problem}
        </p>
      )}
      {day && day.length > 0 ? (
        <Rows day={day} now={now} />
      ) : (
        <Empty title={day ? "No help in the last 24 hours" : "Loading"}>
          {day ? "Each offer is listed here with your answer and with what was reported to be done." : "Asking the service for the last day."}
        </Empty>
      )}
    </Card>
  );
}
