// npm's oauth2-mock-server with one RS256 key. Prints one line of JSON when it listens; ends when its input is closed.
import { OAuth2Server } from 'oauth2-mock-server';

const imported = Date.now() / 1000;
const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
const url = `http://127.0.0.1:${server.address().port}`;
console.log(JSON.stringify({ token_url: `${url}/token`, discovery_url: `${url}/.well-known/openid-configuration`, imported }));
process.stdin.on('end', () => process.exit(0)).resume();
