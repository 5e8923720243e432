// A real authorization server (npm: oidc-provider) and beside it an API that checks its tokens with jose: neither is ours.
// Prints one line of JSON when both answer; ends when its input is closed, so it cannot outlive whoever started it.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';

const given = JSON.parse(process.argv[2]); // client_id, client_secret, api_key, lifetime (seconds)
const imported = Date.now() / 1000; // the benchmarks tell loading from starting
const audience = 'urn:wych-kit:peer-api';

const listening = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`)));
const identity = createServer((request, response) => handle(request, response));
const issuer = await listening(identity);

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const provider = new Provider(issuer, {
  clients: [{
    client_id: given.client_id,
    client_secret: given.client_secret,
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  }, {
    client_id: `${given.client_id}-elsewhere`, // one for people to log in with, that may not have client_credentials
    client_secret: given.client_secret,
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: ['https://app.example/back'],
  }],
  jwks: { keys: [{ ...key, kid: 'peer', alg: 'RS256', use: 'sig' }] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    // Without a resource the token would be an opaque text; like Wych's, this one is a JWT.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({ scope: 'read', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  ttl: { ClientCredentials: given.lifetime },
});
const handle = provider.callback();

const counts = { tokens: 0, refused: 0, calls: 0 };
provider.on('grant.success', () => { counts.tokens += 1; });
provider.on('grant.error', () => { counts.refused += 1; });

const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
const api = createServer(async (request, response) => {
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/counts') return answer(200, counts);
  counts.calls += 1;
  if (request.headers['x-api-key'] !== given.api_key) return answer(403, { message: 'Forbidden' });
  try {
    const { payload } = await jwtVerify(/^Bearer (.+)$/.exec(request.headers.authorization)?.[1] ?? '', keys, { issuer, audience });
    return answer(200, { client: payload.client_id, signed: 'RS256' });
  } catch (error) {
    return answer(401, { message: `Unauthorized: ${error.code}` });
  }
});
const api_url = await listening(api);
console.log(JSON.stringify({ issuer_url: issuer, api_url, imported }));
process.stdin.on('end', () => process.exit(0)).resume();
