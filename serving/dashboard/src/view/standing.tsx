import type { Collector, Judgement, ModelCard } from "../model";
import { STALE } from "../state";
import { ago, dayOf } from "../words/format";
import { Card, DemoChip, Empty } from "./parts";

const ORIGIN: Record<ModelCard["trainedOn"], string> = {
  demo: "A prior from demo people. It gives way to your own data as you work.",
  people: "Trained on people's own data on this platform.",
  rules: "No model is loaded. Plain rules stand in until the first training is done.",
};

function status(model: ModelCard): string {
  return model.learning ? `Learning, day ${model.day}` : `Knows you, day ${model.day}`;
}

/** "auc_switch" → "auc switch", 0.8712 → "0.871". */
function Metrics({ metrics }: { metrics: ModelCard["metrics"] }) {
  return (
    <>
      {metrics.map(([name, value]) => (
        <div key={name}>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>{Number.isInteger(value) ? value : value.toFixed(3)}</dd>
        </div>
      ))}
    </>
  );
}

/** Which model speaks, what it learned from, and how good it was on days it had not seen. */
export function Model({ model }: { model: ModelCard | null }) {
  if (!model) {
    return (
      <Card id="model" title="Model">
        <Empty title="No model yet">It is trained at the first start; progress stands in Prefect.</Empty>
      </Card>
    );
  }
  return (
    <Card id="model" title="Model" aside={model.trainedOn === "demo" && <DemoChip />}>
      <p class="model-status" data-testid="model-status">
        {status(model)}
      </p>
      <p class="quiet">{model.note || ORIGIN[model.trainedOn]}</p>
      <dl class="facts">
        <div>
          <dt>Version</dt>
          <dd class="code">{model.version}</dd>
        </div>
        {model.trainedAt !== null && (
          <div>
            <dt>Trained</dt>
            <dd>{dayOf(model.trainedAt)}</dd>
          </div>
        )}
        <Metrics metrics={model.metrics} />
      </dl>
    </Card>
  );
}

interface CollectorProps {
  collector: Collector | null;
  judgement: Judgement | null;
  now: number;
}

/** Whether the desktop agent sends, and what to do when it does not. */
export function CollectorCard({ collector, judgement, now }: CollectorProps) {
  const last = Math.max(collector?.lastSnapshot ?? 0, judgement?.at ?? 0);
  const live = last > 0 && now - last < STALE;
  const word = live ? "Connected" : collector?.connected ? "Connected, quiet" : "Not connected";
  return (
    <Card id="collector" title="Collector">
      <p class={`state ${live ? "good" : collector?.connected ? "calm" : "bad"}`} data-testid="collector-state">
        <i class="dot" />
        {word}
      </p>
      <p class="quiet">{last > 0 ? `Last snapshot ${ago(last, now)}.` : "No snapshot has come yet."}</p>
      {!live && (
        <p class="advice">
          {collector?.advice || (
            <>
              Start it with <code>neural-focus agent</code>; <code>neural-focus doctor</code> says what is missing.
            </>
          )}
        </p>
      )}
    </Card>
  );
}
