/** Entry of the desk: puts the parts together in the page. */
import { Api, browserExclusive } from './core/api.ts';
import { systemClock } from './core/clock.ts';
import { CometBus } from './core/comet-bus.ts';
import { Desk } from './core/desk.ts';
import { useOwnIcons } from './ui/icons.ts';
import './ui/tp-app.ts';

useOwnIcons();
const api = new Api({ fetch: (input, init) => fetch(input, init), clock: systemClock, exclusive: browserExclusive });
const desk = new Desk({
  api,
  clock: systemClock,
  storage: sessionStorage,
  makeBus: (base) => new CometBus({
    url: `${location.origin}${base}/cometd`,
    token: () => api.token,
    renew: () => api.renew(),
  }),
});
const app = document.createElement('tp-app');
app.desk = desk;
document.body.append(app);
void desk.boot();
