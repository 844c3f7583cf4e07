package twinpane.controls;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.LocalSession;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;

/**
 * What the server of the interop tests offers, on CometD: /service/echo answers with the data it got, under the same id;
 * /service/echo/late the same, with its publish reply 50 ms later; /service/echo/bye disconnects the caller. Counts what
 * the tests wait for.
 */
final class EchoService implements ServerChannel.MessageListener {
    private final BayeuxServer bayeux;
    private final LocalSession local;
    private final AtomicInteger held = new AtomicInteger();

    EchoService(BayeuxServer bayeux) {
        this.bayeux = bayeux;
        local = bayeux.newLocalSession("echo");
        local.handshake();
        for (String channel : new String[] {"/service/echo", "/service/echo/late", "/service/echo/bye"}) {
            bayeux.createChannelIfAbsent(channel, made -> {
                made.setPersistent(true);
                made.addListener(this);
            });
        }
        bayeux.addListener(new BayeuxServer.SessionListener() {
            @Override
            public void sessionAdded(ServerSession session, ServerMessage message) {
                session.addListener(new HeldConnects());
            }
        });
    }

    @Override
    public void onMessage(ServerSession from, ServerChannel channel, ServerMessage.Mutable message, Promise<Boolean> promise) {
        switch (channel.getId()) {
            case "/service/echo" -> {
                answer(from, message);
                promise.succeed(true);
            }
            case "/service/echo/late" -> {
                answer(from, message);
                CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS).execute(() -> promise.succeed(true));
            }
            default -> {
                promise.succeed(true);
                from.disconnect();
            }
        }
    }

    private void answer(ServerSession to, ServerMessage question) {
        ServerMessage.Mutable answer = bayeux.newMessage();
        answer.setChannel(question.getChannel());
        answer.setId(question.getId());
        answer.setData(question.getData());
        answer.setSuccessful(true);
        to.deliver(local, answer, Promise.noop());
    }

    private final class HeldConnects implements ServerSession.HeartBeatListener {
        @Override
        public void onSuspended(ServerSession session, ServerMessage message, long timeout) {
            held.incrementAndGet();
        }

        @Override
        public void onResumed(ServerSession session, ServerMessage message, boolean timeout) {
            held.decrementAndGet();
        }
    }

    /** Of remote sessions: how many there are, how many connects are held, how many subscriptions they have. */
    String counters() {
        int sessions = 0;
        int subscriptions = 0;
        for (ServerSession session : bayeux.getSessions()) {
            if (session.isLocalSession()) continue;
            ++sessions;
            subscriptions += session.getSubscriptions().size();
        }
        return "{\"sessions\":" + sessions + ",\"held\":" + held.get() + ",\"subscriptions\":" + subscriptions + "}";
    }
}
