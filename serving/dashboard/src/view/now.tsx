import type { Activity, Judgement, Reading } from "../model";
import { STALE } from "../state";
import { ago, percent } from "../words/format";
import { confidenceWord, levelOf } from "../words/risk";
import { Gauge } from "./gauge";
import { Card, Empty, LevelChip } from "./parts";

interface MeterProps {
  name: string;
  meaning: string;
  risk: number | null;
  id: string;
}

function Meter({ name, meaning, risk, id }: MeterProps) {
  const level = risk === null ? null : levelOf(risk);
  return (
    <div class="meter">
      <div class="meter-head">
        <span class="meter-name">{name}</span>
        {level && <LevelChip level={level} />}
        <span class="meter-value" data-testid={id}>
          {risk === null ? "–" : percent(risk)}
        </span>
      </div>
      <div
        class="meter-track"
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={risk === null ? 0 : Math.round(risk * 100)}
        aria-valuetext={risk === null || !level ? "not defined right now" : `${percent(risk)}, ${level.toLowerCase()}`}
      >
        {risk !== null && level && (
          <div class={`meter-fill level-${level.toLowerCase()}`} style={{ width: `${Math.max(1, risk * 100)}%` }} />
        )}
        <i class="meter-border at-low" />
        <i class="meter-border at-high" />
      </div>
      <p class="meter-meaning">{meaning}</p>
    </div>
  );
}

function Reasons({ reasons }: { reasons: readonly string[] }) {
  return (
    <div class="reasons">
      <h3>Why</h3>
      {reasons.length > 0 ? (
        <ul data-testid="reasons">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      ) : (
        <p class="quiet">Nothing stands out right now.</p>
      )}
    </div>
  );
}

interface NowProps {
  judgement: Judgement | null;
  activity: Activity | null;
  readings: readonly Reading[];
  now: number;
  loaded: boolean;
}

function Where({ activity }: { activity: Activity }) {
  return (
    <span class="where">
      in <strong>{activity.app || "an app without a name"}</strong>
      {activity.category && <span class="chip plain">{activity.category}</span>}
      {activity.pseudo && <span class="chip level-medium">looks like work</span>}
    </span>
  );
}

const NOT_SETTLED = "Shown once you have stayed in one app for a minute without a pause.";

/** This moment: score, both risks, confidence and the reasons behind them. */
export function Now({ judgement, activity, readings, now, loaded }: NowProps) {
  if (!judgement) {
    return (
      <Card id="now" title="Right now">
        <div class="now-body">
          <Gauge score={null} readings={[]} />
          <Empty title={loaded ? "No reading yet" : "Loading"}>
            {loaded
              ? "The first one comes a few seconds after the agent sees you type, click or change windows."
              : "Asking the service for the latest snapshot."}
          </Empty>
        </div>
      </Card>
    );
  }
  const stale = now - judgement.at > STALE;
  const aside = stale ? (
    <span class="where">
      Last reading {ago(judgement.at, now)}: see <a href="#collector">Agent</a>
    </span>
  ) : (
    activity && <Where activity={activity} />
  );
  return (
    <Card id="now" title="Right now" aside={aside}>
      <div class={`now-body ${stale ? "is-stale" : ""}`} data-testid="reading" data-at={judgement.at}>
        <Gauge score={judgement.score} readings={readings} />
        <div class="meters">
          <Meter
            id="distraction-risk"
            name="Distraction risk"
            meaning="Chance that you switch apps within 30 seconds"
            risk={judgement.distraction}
          />
          <Meter
            id="break-risk"
            name="Break risk"
            meaning={judgement.breakRisk === null ? NOT_SETTLED : "Chance that settled focus breaks within a minute"}
            risk={judgement.breakRisk}
          />
          <p class="confidence">
            The model is <strong>{confidenceWord(judgement.confidence)}</strong> here
            <span class="confidence-value"> · {percent(judgement.confidence)} confidence</span>
          </p>
        </div>
      </div>
      <Reasons reasons={judgement.reasons} />
    </Card>
  );
}
