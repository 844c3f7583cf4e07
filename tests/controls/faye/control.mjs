// A Faye server (faye.NodeAdapter) to compare with. Arguments: the port (0 picks one), then timeout=SECONDS and ping=SECONDS.
// Prints "READY <url>", answers each line "counters" on its standard input with one line of JSON, ends when that ends.
import faye from 'faye';
import http from 'node:http';
import readline from 'node:readline';

const [port, ...pairs] = process.argv.slice(2);
if (port === undefined) {
  console.error('usage: start PORT [timeout=SECONDS] [ping=SECONDS]');
  process.exit(2);
}
const options = Object.fromEntries(pairs.map((pair) => {
  const [name, value] = pair.split('=');
  if (!['timeout', 'ping'].includes(name) || !(Number(value) > 0)) throw new Error(`unknown option: ${pair}`);
  return [name, Number(value)];
}));

const bayeux = new faye.NodeAdapter({ mount: '/faye', timeout: 45, ...options });
const counted = { sessions: 0, held: 0, subscriptions: 0 };
bayeux.on('handshake', () => { counted.sessions += 1; });
bayeux.on('disconnect', () => { counted.sessions -= 1; });
bayeux.on('subscribe', () => { counted.subscriptions += 1; });
bayeux.on('unsubscribe', () => { counted.subscriptions -= 1; });

const closed = (channel) => typeof channel === 'string' && channel.startsWith('/closed');
bayeux.addExtension({
  incoming(message, pass) {
    if (message?.channel === '/meta/handshake' && message.ext?.deny) message.error = '403::Handshake denied';
    if (message?.channel === '/meta/subscribe' && closed(message.subscription)) message.error = `403:${message.subscription}:Forbidden channel`;
    if (closed(message?.channel)) message.error = `403:${message.channel}:Forbidden channel`;
    if (message?.channel === '/meta/connect') counted.held += 1;
    pass(message);
  },
  outgoing(message, pass) {
    if (message?.channel === '/meta/connect') counted.held -= 1;
    pass(message);
  },
});

const server = http.createServer((_request, response) => response.writeHead(404).end());
bayeux.attach(server);
server.listen(Number(port), '127.0.0.1', () => console.log(`READY http://127.0.0.1:${server.address().port}/faye`));
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

const end = () => process.exit(0);
readline.createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify(counted))).on('close', end);
process.on('SIGTERM', end);
