/**
 * Writes src/generated/*.ts from the service's own schemas: OpenAPI for REST, JSON Schema for the WebSocket.
 *
 *   node generate.mjs           write the files
 *   node generate.mjs --check   exit 1 if what is there is not what the service says today
 *
 * Python is $PYTHON, else .venv/bin/python at the project's root.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";
import openapi, { astToString } from "openapi-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const python = process.env.PYTHON ?? join(root, ".venv", process.platform === "win32" ? "Scripts" : "bin", "python");

/** The schemas as the service writes them today. */
function readSchemas() {
  const folder = mkdtempSync(join(tmpdir(), "neural-focus-schema-"));
  try {
    execFileSync(python, ["-m", "serving.schema", "--out", folder], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf-8"));
    return { api: read("openapi.json"), messages: read("messages.schema.json") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const note = (source) => `/* Made by \`npm run generate\` from ${source}. Do not edit. */\n`;

/** A GET has no body, so OpenAPI has no name for what it asks: this one is the original schema's. */
const DAILY_STATS_REQUEST =
  'export type DailyStatsRequest = paths["/api/v1/analytics/daily"]["get"]["parameters"]["query"];\n';

async function generate() {
  const { api, messages } = readSchemas();
  const tagged = { ...messages, title: "Messages", oneOf: [{ $ref: "#/$defs/ClientMessage" }, { $ref: "#/$defs/ServerMessage" }] };
  return {
    "api.ts": note("the service's OpenAPI document") + "\n" + astToString(await openapi(api)) + DAILY_STATS_REQUEST,
    "messages.ts": await compile(tagged, "Messages", {
      bannerComment: note("the service's message schema"),
      additionalProperties: false,
    }),
  };
}

const files = Object.entries(await generate()).map(([name, text]) => [join(here, "src", "generated", name), text]);
if (process.argv.includes("--check")) {
  const old = files.filter(([path, text]) => !existsSync(path) || readFileSync(path, "utf-8") !== text);
  for (const [path] of old) console.error(`${path} is not what the service says. Run: npm run generate`);
  process.exit(old.length > 0 ? 1 : 0);
}
for (const [path, text] of files) writeFileSync(path, text);
