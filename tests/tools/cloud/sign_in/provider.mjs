// Two OpenID providers on loopback: one as any is, one as Entra is (an issuer a directory, its template in discovery).
// Prints its port. POST /control {person: claims} names who signs in next; {rotate: true} gives them other keys.
import http from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const TID = process.argv[2];
const BACK = process.argv[3]; // whose pages they come from
const TOLD = process.argv[4]; // who hears of a logout
let person = { sub: "nobody" };
let port = 0;
let providers = {};

function key(kid) {
  const made = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  return { ...made, kid, use: "sig", alg: "RS256" };
}

function make(path, kid) {
  const callbacks = ["one", "entra"].map((id) => `${BACK}/accounts/oidc/${id}/login/callback/`);
  const client = { client_id: "portvakt", client_secret: "for tests", redirect_uris: callbacks };
  if (TOLD) Object.assign(client, { backchannel_logout_uri: TOLD, backchannel_logout_session_required: true });
  const provider = new Provider(`http://127.0.0.1:${port}${path}`, {
    clients: [{ ...client, token_endpoint_auth_method: "client_secret_post" }],
    jwks: { keys: [key(kid)] },
    cookies: { keys: ["for tests"] },
    conformIdTokenClaims: false,
    claims: {
      openid: ["sub", "tid", "oid", "pid"],
      profile: ["name", "preferred_username"],
      email: ["email", "email_verified"],
    },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }), // who hears of it is on loopback
    interactions: { url: (_ctx, interaction) => `${path}/who/${interaction.uid}` },
    findAccount: () => ({ accountId: person.sub, claims: async () => person }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: "portvakt", accountId: person.sub });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  return async (request, response) => {
    if (request.url.startsWith(`${path}/who/`)) {
      return provider.interactionFinished(request, response, { login: { accountId: person.sub } });
    }
    request.originalUrl = request.url;
    request.url = request.url.slice(path.length) || "/";
    return serve(request, response);
  };
}

function start(round) {
  providers = { "/one": make("/one", `one-${round}`), [`/${TID}/v2.0`]: make(`/${TID}/v2.0`, `entra-${round}`) };
}

let rounds = 0;
const server = http.createServer(async (request, response) => {
  if (request.url === "/control") {
    let body = "";
    for await (const part of request) body += part;
    const said = JSON.parse(body);
    if (said.person) person = said.person;
    if (said.rotate) start(++rounds);
    return response.end("{}");
  }
  if (request.url === "/organizations/v2.0/.well-known/openid-configuration") {
    const found = await fetch(`http://127.0.0.1:${port}/${TID}/v2.0/.well-known/openid-configuration`);
    const issuer = `http://127.0.0.1:${port}/{tenantid}/v2.0`;
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ ...(await found.json()), issuer }));
  }
  const path = Object.keys(providers).find((one) => request.url.startsWith(`${one}/`));
  if (!path) return response.writeHead(404).end();
  return providers[path](request, response);
});
server.listen(0, "127.0.0.1", () => {
  port = server.address().port;
  start(rounds);
  console.log(JSON.stringify({ port }));
});
process.stdin.on("end", () => process.exit(0)).resume(); // whoever started it is gone
