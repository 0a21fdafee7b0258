// An OpenID Connect provider for tests: `node provider.mjs REDIRECT_URI [KEY CERTIFICATE]`. It prints its issuer once it listens.
//
// Whoever signs in is asked for a name, and for no password: what is under test is not the provider.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const people = {
  demo: { email: 'demo@example.com', email_verified: true },
  alice: { email: 'alice@example.com', email_verified: true },
  stranger: { email: 'stranger@example.com', email_verified: true },
  impostor: { email: 'alice@example.com', email_verified: false },
};

let handle;
const [redirect, key, cert] = process.argv.slice(2);
const listener = (request, response) => handle(request, response);
const server = key
  ? https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener)
  : http.createServer(listener);
server.listen(0, '127.0.0.1', () => {
  const issuer = `${key ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'rag-admin',
        client_secret: 'a secret of the tests',
        redirect_uris: [redirect],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['tests'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  });
  const answer = provider.callback();
  handle = async (request, response) => {
    console.error(request.method, request.url.split('?')[0], request.headers.traceparent ?? '');
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    const { params, prompt, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      // Who it is comes in the form, or in a cookie of a test without a page.
      const who = /[?; ]who=(\w+)/.exec(`${request.url}; ${request.headers.cookie}`)?.[1];
      if (!who) {
        response.setHeader('content-type', 'text/html');
        return response.end('<form>Who are you? <input id="who" name="who"><button id="continue">Continue</button></form>');
      }
      return provider.interactionFinished(request, response, { login: { accountId: who } });
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope('openid email');
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  };
  console.log(issuer);
});
