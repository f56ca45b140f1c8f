/**
 * A real OpenID Connect provider (oidc-provider) for tests. Told by JSON on standard input:
 *
 *   port, client_id, client_secret, redirect_uri
 *   accounts: login -> { email, email_verified }, and what is wrong with the ID tokens of that account:
 *     claims   instead of the true ones; null leaves one out
 *     hangs    true: the token endpoint never answers
 *     key      "other": signed by a key that is not published; "secret": by the client's secret; "none": by nobody
 *
 * Whoever types a login is that account, as a provider for development has it.
 */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { base64url, decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import Provider from "oidc-provider";

const told = JSON.parse(readFileSync(0, "utf-8"));
const { privateKey } = await generateKeyPair("RS256", { extractable: true });
const other = await generateKeyPair("RS256");
const kid = `key-${process.pid}`;
const published = { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" };

const provider = new Provider(`http://127.0.0.1:${told.port}`, {
  clients: [{ client_id: told.client_id, client_secret: told.client_secret, redirect_uris: [told.redirect_uri] }],
  jwks: { keys: [published] },
  cookies: { keys: ["of a test"] },
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false, // the address is in the ID token, as most providers have it
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: told.accounts[id]?.email, email_verified: told.accounts[id]?.email_verified }),
  }),
});

/** The ID token as this account's are: some are not what they should be. */
async function issued(token) {
  const claims = decodeJwt(token);
  const account = told.accounts[claims.sub];
  if (!account?.claims && !account?.key) return token;
  const wrong = Object.entries({ ...claims, ...account.claims }).filter(([, value]) => value !== null);
  const payload = Object.fromEntries(wrong);
  const unsigned = (alg) =>
    [{ alg, typ: "JWT", ...(alg === "none" ? {} : { kid }) }, payload].map((part) => base64url.encode(JSON.stringify(part))).join(".");
  if (account.key === "none") return `${unsigned("none")}.`;
  if (account.key === "secret") {
    const signature = createHmac("sha256", told.client_secret).update(unsigned("HS256")).digest();
    return `${unsigned("HS256")}.${base64url.encode(signature)}`;
  }
  const key = account.key === "other" ? other.privateKey : privateKey;
  return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid }).sign(key);
}

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === "/token" && told.accounts[ctx.body?.id_token && decodeJwt(ctx.body.id_token).sub]?.hangs) await new Promise(() => {});
  if (ctx.path === "/token" && ctx.body?.id_token) ctx.body.id_token = await issued(ctx.body.id_token);
});

provider.listen(told.port, "127.0.0.1", () => console.log("ready"));
