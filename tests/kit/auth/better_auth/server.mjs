// Real Better Auth servers for the tests, one for each algorithm of ALGS, in one process: in memory, on loopback, on free ports.
//
//   ALGS=EdDSA,ES256 node server.mjs     prints one JSON line when ready: {"EdDSA": {"origin": …, "resource": …}, …}
//
// It ends when its standard input ends, so that it does not outlive the tests.
//
// Control endpoints (outside of /api/auth, JSON in and out):
//   POST /__test/agent   {"name"}      an agent account: {user, apiKey, clientId, clientSecret}
//   POST /__test/rotate                make a new signing key; older keys stay published
//   POST /__test/drop-old              publish the newest key only from now on
//   POST /__test/control {"down", "garbage", "delay"}   answer 503 or HTML under /api/auth, or wait so many ms; what is not given is off
//   POST /__test/key                   the newest key: {kid, private}, for tokens that it would not issue itself
//   GET  /__test/hits                  requests seen for each path under /api/auth
import http from "node:http";
import { randomBytes } from "node:crypto";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, generateExportedKeyPair, jwt } from "better-auth/plugins";
import { apiKey } from "@better-auth/api-key";
import { oauthProvider } from "@better-auth/oauth-provider";

const RESOURCE = "https://api.test";
const SCOPES = ["tasks:read", "tasks:write"];
const TABLES = [
  "user", "session", "account", "verification", "jwks", "apikey", "oauthClient", "oauthResource",
  "oauthClientResource", "oauthAccessToken", "oauthRefreshToken", "oauthConsent", "oauthClientAssertion",
];

const emptyDatabase = () => Object.fromEntries(TABLES.map((table) => [table, []]));

// Better Auth's own defaults, where the tests need nothing else: issuers, audiences, lifetimes, the header of session tokens.
const betterAuthOn = (origin, db, keyPairConfig) => betterAuth({
  baseURL: origin,
  secret: randomBytes(32).toString("base64url"),
  database: memoryAdapter(db),
  emailAndPassword: { enabled: true },
  user: { additionalFields: { kind: { type: "string", defaultValue: "human", input: false } } },
  session: { storeSessionInDatabase: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    jwt({
      jwks: { keyPairConfig, disablePrivateKeyEncryption: true },
      // The default payload is the whole row of the user.
      jwt: { definePayload: ({ user }) => ({ email: user.email, name: user.name, actor_type: user.kind }) },
    }),
    bearer(),
    // The default limit is 10 uses a day for each key.
    apiKey({ enableSessionForAPIKeys: true, rateLimit: { enabled: false } }),
    oauthProvider({
      loginPage: "/login",
      consentPage: "/consent",
      scopes: ["openid", "profile", "email", "offline_access", ...SCOPES],
      resources: [{ identifier: RESOURCE, allowedScopes: SCOPES }],
      clientPrivileges: () => true,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
});

async function rotate(db, keyPairConfig) {
  const { publicWebKey, privateWebKey, alg, cfg } = await generateExportedKeyPair({ jwks: { keyPairConfig } });
  db.jwks.push({
    id: randomBytes(12).toString("hex"), alg, ...(cfg.crv ? { crv: cfg.crv } : {}),
    publicKey: JSON.stringify(publicWebKey), privateKey: JSON.stringify(privateWebKey), createdAt: new Date(),
  });
}

async function makeAgent(auth, db, name) {
  const { headers, response } = await auth.api.signUpEmail({
    body: { email: `${name}-${randomBytes(4).toString("hex")}@agents.test`, name, password: randomBytes(16).toString("hex") },
    returnHeaders: true,
  });
  db.user.find((user) => user.id === response.user.id).kind = "agent";
  const session = new Headers({ cookie: headers.get("set-cookie").split(";")[0] });
  const key = await auth.api.createApiKey({ body: { name, userId: response.user.id } });
  const client = await auth.api.adminCreateOAuthClient({
    headers: session,
    body: {
      client_name: name, grant_types: ["client_credentials"], token_endpoint_auth_method: "client_secret_basic",
      client_credentials_scopes: SCOPES,
    },
  });
  // A client gets tokens for a resource only when the two are linked.
  await auth.api.adminLinkClientResource({ headers: session, params: { identifier: RESOURCE, client_id: client.client_id } });
  return { user: response.user, apiKey: key.key, clientId: client.client_id, clientSecret: client.client_secret };
}

const reply = (response, status, body) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

async function readJson(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

async function start(alg) {
  const db = emptyDatabase();
  const hits = {};
  let control = {};
  let auth, handler;
  const keyPairConfig = alg === "EdDSA" ? { alg, crv: "Ed25519" } : { alg };
  const controls = {
    agent: async ({ name = "agent" }) => makeAgent(auth, db, name),
    rotate: async () => { await rotate(db, keyPairConfig); return { keys: db.jwks.length }; },
    "drop-old": async () => { db.jwks.splice(0, db.jwks.length - 1); return { keys: db.jwks.length }; },
    control: async (wanted) => (control = wanted),
    key: async () => {
      if (!db.jwks.length) await rotate(db, keyPairConfig);
      return { kid: db.jwks.at(-1).id, private: JSON.parse(db.jwks.at(-1).privateKey) };
    },
    hits: async () => hits,
  };
  const server = http.createServer(async (request, response) => {
    const path = request.url.split("?")[0];
    try {
      if (path.startsWith("/__test/")) return reply(response, 200, await controls[path.slice(8)](await readJson(request)));
      hits[path] = (hits[path] ?? 0) + 1;
      if (control.delay) await new Promise((done) => setTimeout(done, control.delay));
      if (control.down) return reply(response, 503, { error: "down for the test" });
      if (control.garbage) {
        response.writeHead(200, { "content-type": "text/html" });
        return response.end("<html>not json</html>");
      }
      await handler(request, response);
    } catch (error) {
      if (!response.headersSent) reply(response, 500, { error: String(error), body: error?.body });
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  auth = betterAuthOn(origin, db, keyPairConfig);
  handler = toNodeHandler(auth);
  await auth.$context;
  return [alg, { origin, resource: RESOURCE }];
}

const started = await Promise.all((process.env.ALGS ?? "EdDSA").split(",").map(start));
console.log(JSON.stringify(Object.fromEntries(started)));
process.stdin.resume().on("end", () => process.exit(0)).on("error", () => process.exit(0));
