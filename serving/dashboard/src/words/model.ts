import type { ModelCard, Voices } from "../model";
import { dayOf, percent } from "./format";

const ORIGIN: Record<ModelCard["trainedOn"], string> = {
  demo: "A prior from demo people. It gives way to your own data as you work.",
  people: "Trained on people's own data on this platform.",
  rules: "No model is loaded. Plain rules stand in until the first training is done.",
};

const KIND: Record<ModelCard["trainedOn"], string> = {
  demo: "Demo model",
  people: "Trained on people",
  rules: "Rules of thumb",
};

/** "Learning, day 1" as long as the model does not know the person. */
export function statusOf(model: ModelCard): string {
  return `${model.learning ? "Learning" : KIND[model.trainedOn]}, day ${model.day}`;
}

/** The service's note as a sentence, without the beginning that `statusOf` says already. */
export function noteOf(model: ModelCard): string {
  const note = model.note.replace(/^learning, day \d+:\s*/i, "").trim();
  if (!note || (model.trainedOn === "rules" && !model.learning)) return ORIGIN[model.trainedOn];
  return `${note[0]!.toUpperCase()}${note.slice(1)}${/[.!?]$/.test(note) ? "" : "."}`;
}

const VOICE: Record<Voices["leader"], string> = {
  recency: "the time since your last switch",
  model: "the model that everybody has",
  own: "your own models",
};

/** "Mostly your own models (81 %) since 3 March; the model that everybody has 15 %": without those below 1 %. */
export function voicesOf(voices: Voices): string {
  const since = voices.since === null ? "" : ` since ${dayOf(voices.since)}`;
  const others = (["recency", "model", "own"] as const)
    .filter((one) => one !== voices.leader && voices[one] >= 0.01)
    .map((one) => `${VOICE[one]} ${percent(voices[one])}`);
  return [`Mostly ${VOICE[voices.leader]} (${percent(voices[voices.leader])})${since}`, ...others].join("; ");
}

/** How well one question is answered on held-out days: AUC of the model and of the time since the last switch alone. */
export interface Skill {
  question: string;
  model: number;
  recency: number | null;
}

const QUESTIONS = [
  ["switch", "Switch within 30 s"],
  ["break", "Settled focus breaks"],
  ["outcome", "Focused or not"],
] as const;

/** Picks the comparison that matters out of the manifest's figures ("switch.auc", "switch.recency_auc", …). */
export function skills(metrics: ModelCard["metrics"]): Skill[] {
  const figures = new Map(metrics);
  return QUESTIONS.flatMap(([target, question]) => {
    const model = figures.get(`${target}.auc`);
    return model === undefined ? [] : [{ question, model, recency: figures.get(`${target}.recency_auc`) ?? null }];
  });
}
