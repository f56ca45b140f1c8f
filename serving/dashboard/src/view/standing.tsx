import type { Collector, Desktop, Judgement, ModelCard } from "../model";
import { STALE } from "../state";
import { ago, dayOf } from "../words/format";
import { noteOf, skills, statusOf, voicesOf, type Skill } from "../words/model";
import { Card, DemoChip, Empty } from "./parts";

function Skills({ found }: { found: readonly Skill[] }) {
  return (
    <table class="skills">
      <caption>
        <abbr title="Area under the ROC curve: 0.5 is a coin, 1 is never wrong">AUC</abbr> on days the model had not seen
      </caption>
      <thead>
        <tr>
          <th scope="col">Question</th>
          <th scope="col" class="number">
            Model
          </th>
          <th scope="col" class="number">
            Last switch alone
          </th>
        </tr>
      </thead>
      <tbody>
        {found.map(({ question, model, recency }) => (
          <tr key={question}>
            <td>{question}</td>
            <td class="number">{model.toFixed(2)}</td>
            <td class="number">{recency === null ? "–" : recency.toFixed(2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Which model predicts, what it learned from, and how good it was on days it had not seen. */
export function Model({ model }: { model: ModelCard | null }) {
  if (!model) {
    return (
      <Card id="model" title="Model">
        <Empty title="No model yet">The first start trains one. Prefect shows how far it is.</Empty>
      </Card>
    );
  }
  const found = skills(model.metrics);
  return (
    <Card id="model" title="Model" aside={model.trainedOn === "demo" && <DemoChip />}>
      <p class="model-status" data-testid="model-status">
        {statusOf(model)}
      </p>
      <p class="quiet">{noteOf(model)}</p>
      <dl class="facts">
        {model.voices && (
          <div>
            <dt>Decides</dt>
            <dd data-testid="model-voices">{voicesOf(model.voices)}</dd>
          </div>
        )}
        <div>
          <dt>Version</dt>
          <dd class="code">{model.version}</dd>
        </div>
        {model.data && (
          <div>
            <dt>Learned from</dt>
            <dd>
              {dayOf(model.data.from)} – {dayOf(model.data.to)}
            </dd>
          </div>
        )}
      </dl>
      {found.length > 0 && <Skills found={found} />}
      {model.health && <p class="quiet">Last drift check: {model.health}.</p>}
    </Card>
  );
}

interface CollectorProps {
  collector: Collector | null;
  desktop: Desktop | null;
  judgement: Judgement | null;
  now: number;
}

/** Whether the desktop agent sends, and what to do when it does not. */
export function CollectorCard({ collector, desktop, judgement, now }: CollectorProps) {
  const last = Math.max(collector?.lastSnapshot ?? 0, judgement?.at ?? 0);
  const live = last > 0 && now - last < STALE;
  const paused = desktop !== null && desktop.pausedUntil !== null;
  const word = paused ? "Paused" : live ? "Connected" : collector?.connected ? "Connected, quiet" : "Not connected";
  return (
    <Card id="collector" title="Agent">
      <p class={`state ${live && !paused ? "good" : collector?.connected ? "calm" : "bad"}`} data-testid="collector-state">
        <i class="dot" />
        {word}
      </p>
      <p class="quiet">{last > 0 ? `Last snapshot ${ago(last, now)}.` : "No snapshot has come yet."}</p>
      {desktop && <p class="quiet">Captures {desktop.source}.</p>}
      {!live && !paused && (
        <p class="advice">
          {collector?.advice || (
            <>
              Start it with <code>neural-focus agent</code>; <code>neural-focus doctor</code> lists what is missing.
            </>
          )}
        </p>
      )}
    </Card>
  );
}
