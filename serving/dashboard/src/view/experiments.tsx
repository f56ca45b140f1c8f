import { useEffect, useState } from "preact/hooks";
import { readExperiments } from "../live/rest";
import type { Experiment, ExperimentArm } from "../model";
import { armWord, changesOf, shareWord, stopWord } from "../words/experiments";
import { errorWord, momentOf } from "../words/format";
import { Card, Empty } from "./parts";

function Arm({ arm }: { arm: ExperimentArm }) {
  return (
    <tr data-testid="arm">
      <th scope="row">{armWord(arm.arm)}</th>
      <td>{shareWord(arm)}</td>
      <td>
        {changesOf(arm).map((change) => (
          <div key={change} class={arm.stopped ? "refusal" : undefined}>
            {change}
          </div>
        ))}
      </td>
    </tr>
  );
}

function One({ experiment }: { experiment: Experiment }) {
  const { name, hypothesis, since, stopped, arms } = experiment;
  return (
    <div data-testid="experiment">
      <p>
        <strong>{name}</strong>, since {momentOf(since)}. {hypothesis}
      </p>
      {stopped && <p class="refusal">{stopWord(stopped)}</p>}
      <div class="scroll" role="region" aria-label={`Arms of ${name}`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Arm</th>
              <th scope="col">Assigned</th>
              <th scope="col">What has changed</th>
            </tr>
          </thead>
          <tbody>
            {arms.map((arm) => (
              <Arm key={arm.arm} arm={arm} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** What chance decides for this person, what a guardrail stopped of it and what has moved. What was found is in the A/B report. */
export function ExperimentsCard() {
  const [found, setFound] = useState<readonly Experiment[] | null>(null);
  const [problem, complain] = useState("");
  useEffect(() => {
    readExperiments().then(setFound, (error: unknown) => complain(errorWord(error)));
  }, []);
  return (
    <Card id="experiments" title="Experiments with you">
      {problem ? (
        <p class="refusal" role="alert">
          {problem}
        </p>
      ) : found && found.length > 0 ? (
        found.map((experiment) => <One key={experiment.name} experiment={experiment} />)
      ) : (
        <Empty title={found ? "No experiment" : "Loading"}>
          {found ? "You are in no experiment: chance decides nothing for you." : "Asking the service for your experiments."}
        </Empty>
      )}
    </Card>
  );
}
